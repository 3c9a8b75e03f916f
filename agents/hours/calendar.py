"""One desk's business hours, as a pure thing: no database, no clock of its own.

An interval belongs to the day it begins on and may end on the next: "22:00" to "02:00". A date that
differs takes the place of its day of the week, with everything that begins then. Where a clock is
turned, a local time that doesn't exist is as much later as the clock jumped, and of one that comes
twice the first counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60
# How far ahead anybody looks for the next opening or closing.
HORIZON = 400

type Week = tuple[tuple[Interval, ...], ...]


class Interval(NamedTuple):
    """Minutes since the day's midnight; beyond 24:00 it ends on the next day."""

    start: int
    end: int


class Day(NamedTuple):
    """What holds on a date that differs."""

    intervals: tuple[Interval, ...]
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """A week and dates that differ, in a time zone. Without a week it is always open."""

    zone: ZoneInfo
    week: Week | None = None
    dates: Mapping[date, Day] = field(default_factory=dict)

    def intervals(self, day: date) -> tuple[Interval, ...]:
        """Return what begins on this local date."""
        if day in self.dates:
            return self.dates[day].intervals
        return (Interval(0, MIDNIGHT),) if self.week is None else self.week[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        """Return whether the desk is open at a moment; at the moment of closing it is not."""
        if self._never_closes:
            return True
        return any(start <= at < end for start, end in self._spans(self._day(at), days=1))

    def opens_at(self, after: datetime) -> datetime | None:
        """Return the next opening; None while it is open, and when none is in sight."""
        if self.is_open(after):
            return None
        spans = self._spans(self._day(after), days=HORIZON)
        return next((start for start, _end in spans if start > after), None)

    def edge_after(self, at: datetime) -> datetime | None:
        """Return when it opens or closes next; None when that is not in sight."""
        if self._never_closes:
            return None
        first = self._day(at)
        horizon = self._moment(first, HORIZON * MIDNIGHT)
        for start, end in self._spans(first, days=HORIZON):
            if start > at:
                return start
            if end > at:
                return end if end < horizon else None
        return None

    def open_seconds(self, start: datetime, end: datetime) -> float:
        """Return how many of the seconds between two moments it is open."""
        if end <= start:
            return 0.0
        if self._never_closes:
            return (end - start).total_seconds()
        first, last = self._day(start), self._day(end)
        return sum(
            max(0.0, (min(end, closes) - max(start, opens)).total_seconds())
            for opens, closes in self._spans(first, days=(last - first).days + 1)
        )

    def closes_on(self, day: date) -> datetime:
        """Return the first closed moment from the last opening of a date on; its midnight without.

        Only to be asked about a date on which it closes at all.
        """
        at = self._moment(day, 0)
        for start, end in self._spans(day, days=3):
            if start.astimezone(self.zone).date() <= day:
                at = max(at, end)
        return at

    @property
    def _never_closes(self) -> bool:
        return self.week is None and not self.dates

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _moment(self, day: date, minutes: int) -> datetime:
        """Return a local time as a moment in UTC, whatever the clocks do that night."""
        days, minute = divmod(minutes, MIDNIGHT)
        wall = datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60))
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def _spans(self, first: date, *, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Yield what is open from the day before `first`, in order, joined where it touches.

        What begins on the last of `days` is the last.
        """
        held: tuple[datetime, datetime] | None = None
        for offset in range(-1, days):
            day = first + timedelta(days=offset)
            for interval in sorted(self.intervals(day)):
                start, end = (self._moment(day, minutes) for minutes in interval)
                if end <= start:
                    # It lies in the hour that a clock left out.
                    continue
                if held is None or start > held[1]:
                    if held is not None:
                        yield held
                    held = (start, end)
                else:
                    held = (held[0], max(held[1], end))
        if held is not None:
            yield held


def clipped(intervals: Sequence[Interval], *, until: int) -> tuple[Interval, ...]:
    """Return what is left of a day that ends early."""
    return tuple(
        Interval(start, min(end, until)) for start, end in sorted(intervals) if start < until
    )
