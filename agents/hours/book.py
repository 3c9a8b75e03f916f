"""All calendars of the house, read in two statements and kept until somebody changes one."""

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.core.cache import cache

from agents.hours.calendar import Calendar, Day, Week
from agents.hours.reading import intervals_of, week_of
from agents.models import Brand, HoursDate, HoursWeek

# Changes with every change of hours, in all processes at once.
_KEY = "agents.hours"
# Nobody needs the version while Redis is away: the book is read anew now and then anyway.
_KEPT_FOR = timedelta(minutes=5)

type _Owner = tuple[int | None, int | None]


@dataclass(kw_only=True)
class Book:
    """Weeks and dates of all brands and teams at one moment, and the calendars made of them."""

    weeks: dict[_Owner, Week | None] = field(default_factory=dict)
    dates: dict[_Owner, dict[date, Day]] = field(default_factory=dict)
    _made: dict[tuple[int, str, int | None], Calendar] = field(default_factory=dict)

    def calendar(self, brand: Brand, team_id: int | None = None) -> Calendar:
        """Return the hours of a brand, or of a team that works for it.

        First the team's date, then the brand's, then the team's week, then the brand's.
        """
        key = (brand.pk, brand.time_zone, team_id)
        found = self._made.get(key)
        if found is None:
            ours, theirs = (brand.pk, None), (None, team_id)
            week = self.weeks[theirs] if theirs in self.weeks else self.weeks.get(ours)
            dates = self.dates.get(ours, {}) | (self.dates.get(theirs, {}) if team_id else {})
            zone = ZoneInfo(brand.time_zone)
            found = self._made[key] = Calendar(zone=zone, week=week, dates=dates)
        return found

    def calendars(self, brand: Brand, team_ids: Collection[int]) -> list[Calendar]:
        """Return whose hours count for a chat of these teams: one that is open is enough."""
        return [self.calendar(brand, pk) for pk in sorted(team_ids)] or [self.calendar(brand)]

    def is_open(self, brand: Brand, team_ids: Collection[int], *, at: datetime) -> bool:
        """Return whether a chat of these teams meets an open desk."""
        return any(calendar.is_open(at) for calendar in self.calendars(brand, team_ids))

    def opens_at(
        self, brand: Brand, team_ids: Collection[int], *, after: datetime
    ) -> datetime | None:
        """Return when the first of these teams opens."""
        found = (each.opens_at(after) for each in self.calendars(brand, team_ids))
        return min((at for at in found if at is not None), default=None)

    def edge_after(self, brands: Iterable[Brand], *, at: datetime) -> datetime | None:
        """Return when the first of all desks opens or closes next."""
        teams = {team_id for _brand_id, team_id in self.weeks.keys() | self.dates.keys()}
        edges = (
            self.calendar(brand, team_id).edge_after(at)
            for brand in brands
            for team_id in teams | {None}
        )
        return min((edge for edge in edges if edge is not None), default=None)


@dataclass(frozen=True)
class _Kept:
    version: str
    at: datetime
    book: Book


_kept: _Kept | None = None
_lock = threading.Lock()


def book_of(now: datetime) -> Book:
    """Return what holds now; two statements, and none while nothing has changed."""
    global _kept
    version = str(cache.get_or_set(_KEY, lambda: uuid4().hex, timeout=None))
    kept = _kept
    if kept is None or kept.version != version or abs(now - kept.at) > _KEPT_FOR:
        with _lock:
            kept = _kept
            if kept is None or kept.version != version or abs(now - kept.at) > _KEPT_FOR:
                kept = _kept = _Kept(version, now, read_book(now))
    return kept.book


def forget_book() -> None:
    """Have everybody, in every process, read the hours anew."""
    cache.set(_KEY, uuid4().hex, timeout=None)


def read_book(now: datetime, *, held_at: datetime | None = None) -> Book:
    """Return what is written now; with `held_at` what was written at that moment."""
    book = Book()
    weeks, dates = HoursWeek.objects.current(), HoursDate.objects.current()
    if held_at is not None:
        weeks, dates = HoursWeek.objects.valid_at(held_at), HoursDate.objects.valid_at(held_at)
    for brand_id, team_id, days in weeks.values_list("brand_id", "team_id", "days"):
        book.weeks[brand_id, team_id] = week_of(days)
    if held_at is None:
        # Whoever opens late on one day is open on the next, and elsewhere it is still yesterday.
        dates = dates.filter(date__gte=(now - timedelta(days=3)).date())
    for brand_id, team_id, day, hours, name in dates.values_list(
        "brand_id", "team_id", "date", "open", "name"
    ):
        day_hours = Day(intervals_of(hours), name)
        book.dates.setdefault((brand_id, team_id), {})[day] = day_hours
    return book
