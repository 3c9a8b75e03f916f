"""Business hours as they were: a rebuild of last year's facts goes by last year's hours."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from agents.hours.calendar import Calendar, Day, Week
from agents.hours.reading import intervals_of, week_of
from agents.models import Brand, HoursDate, HoursWeek
from reports.facts.reading import Span, within


class PastHours:
    """The hours of brands at any moment, read once for many chats."""

    def __init__(self, brand_ids: Iterable[int]) -> None:
        wanted = set(brand_ids)
        self._zones = dict(Brand.objects.filter(pk__in=wanted).values_list("pk", "time_zone"))
        self._weeks: dict[int, list[Any]] = {pk: [] for pk in wanted}
        self._dates: dict[int, list[Any]] = {pk: [] for pk in wanted}
        for week in HoursWeek.objects.filter(brand__in=wanted):
            self._weeks[week.brand_id].append(week)
        for day in HoursDate.objects.filter(brand__in=wanted):
            self._dates[day.brand_id].append(day)
        self._edges = {
            pk: sorted(
                {
                    moment
                    for row in (*self._weeks[pk], *self._dates[pk])
                    for moment in (row.valid_from, row.valid_until)
                    if moment is not None
                }
            )
            for pk in wanted
        }
        self._made: dict[tuple[int, int], Calendar] = {}

    def calendar(self, brand_id: int, at: datetime) -> Calendar:
        """Return the hours that a brand had at a moment."""
        place = bisect_right(self._edges[brand_id], at)
        found = self._made.get((brand_id, place))
        if found is None:
            found = self._made[brand_id, place] = self._calendar(brand_id, at)
        return found

    def _calendar(self, brand_id: int, at: datetime) -> Calendar:
        week: Week | None = None
        for row in _valid(self._weeks[brand_id], at):
            week = week_of(row.days)
        dates: dict[date, Day] = {
            row.date: Day(intervals_of(row.open), row.name)
            for row in _valid(self._dates[brand_id], at)
        }
        return Calendar(zone=ZoneInfo(self._zones[brand_id]), week=week, dates=dates)


def _valid(rows: Iterable[Any], at: datetime) -> list[Any]:
    return [
        row
        for row in rows
        if row.valid_from <= at and (row.valid_until is None or row.valid_until > at)
    ]


def open_seconds(
    calendar: Calendar, span: Span | None, *, without: Iterable[Span] = ()
) -> float | None:
    """Return how long of a span the desk was open, without what lies in others."""
    if span is None:
        return None
    left_out = sum(calendar.open_seconds(*part) for part in within(span, without))
    return max(0.0, calendar.open_seconds(*span) - left_out)
