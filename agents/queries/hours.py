"""Hours as reports and pages ask for them."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from agents.hours.book import read_book
from agents.hours.calendar import Calendar
from agents.hours.reading import Spelled, spelled_of
from agents.hours.words import says_always, says_open
from agents.models import Brand, HoursDate, HoursWeek, Team


class Hours(NamedTuple):
    """What is written of one brand or team: its own week and the dates to come.

    `kept` is the week that was written last, also where none holds now.
    """

    is_own: bool
    week: dict[str, Spelled] | None
    dates: list[HoursDate]
    kept: dict[str, Spelled]


class PreviewDay(NamedTuple):
    """A date with its hours, and what a visitor reads once the desk has closed on it."""

    day: date
    open: Spelled
    name: str
    says: dict[str, str]


def hours_of(owner: Brand | Team, *, now: datetime) -> Hours:
    """Return the hours as they are set."""
    week = HoursWeek.objects.current().of(owner).first()
    first = now.astimezone(zone_of(owner)).date()
    dates = HoursDate.objects.current().of(owner).filter(date__gte=first).order_by("date")
    days = week.days if week else None
    kept: dict[str, Spelled] = days or kept_week(owner)
    return Hours(week is not None, days, list(dates), kept)


def kept_week(owner: Brand | Team) -> dict[str, Spelled]:
    """Return the week that was written last; empty where there never was one."""
    written = HoursWeek.objects.of(owner).filter(days__isnull=False)
    days = written.order_by("-valid_from", "-pk").values_list("days", flat=True)
    last: dict[str, Spelled] | None = days.first()
    return last or {}


def brand_for(owner: Brand | Team) -> Brand | None:
    """Return the brand whose clock a page goes by: of a team one that it works for."""
    if isinstance(owner, Brand):
        return owner
    works_for = Q(default_team=owner) | Q(topics__teams=owner)
    return Brand.objects.filter(works_for).order_by("-is_active", "pk").first()


def zone_of(owner: Brand | Team) -> ZoneInfo:
    """Return the time zone of a page about these hours."""
    brand = brand_for(owner)
    return ZoneInfo(brand.time_zone if brand else settings.TIME_ZONE)


def preview(owner: Brand | Team, *, days: int, now: datetime) -> list[PreviewDay]:
    """Return the dates from today on, as the widget will say them."""
    brand = brand_for(owner) or Brand(time_zone=settings.TIME_ZONE)
    team_id = owner.pk if isinstance(owner, Team) else None
    calendar = read_book(now).calendar(brand, team_id)
    first = now.astimezone(calendar.zone).date()
    return [_preview_day(calendar, first + timedelta(days=offset)) for offset in range(days)]


def _preview_day(calendar: Calendar, day: date) -> PreviewDay:
    closes = calendar.closes_on(day)
    opens = calendar.opens_at(closes)
    says = says_open(opens, now=closes, zone=calendar.zone) if opens else says_always()
    name = calendar.dates[day].name if day in calendar.dates else ""
    return PreviewDay(day, spelled_of(calendar.intervals(day)), name, says)


def open_seconds(*, brand: Brand, team_id: int | None, start: datetime, end: datetime) -> float:
    """Return how many seconds between two moments were open, by the hours that held then."""
    edges = {start, end}
    for rows in (HoursWeek.objects.all(), HoursDate.objects.all()):
        its = rows.filter(Q(brand=brand) | Q(team=team_id) if team_id else Q(brand=brand))
        for times in its.values_list("valid_from", "valid_until"):
            edges |= {at for at in times if at is not None and start < at < end}
    moments = sorted(edges)
    return sum(
        read_book(end, held_at=begin).calendar(brand, team_id).open_seconds(begin, finish)
        for begin, finish in pairwise(moments)
    )
