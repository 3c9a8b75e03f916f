"""Which chats and which days: read from the address, the same for pages, files and API."""

import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.text.cleaning import key_of

LONGEST = timedelta(days=732)
_HOUR = timedelta(hours=1)
_UNSET: dict[str, Any] = {
    "brand": None,
    "team": None,
    "agent": "",
    "topic": None,
    "channel": "",
    "tag": None,
    "started_by": "",
}
STARTED_BY = {"visitor": gettext_lazy("Visitor"), "agent": gettext_lazy("Agent")}
_COMPARED = {"1": "before", "before": "before", "year": "year"}
# What an address of a report may say; the last three name a cell.
_KNOWN = ("from", "to", "zone", *_UNSET, "compare", "by", "figure", "row")


class BadFilter(Exception):
    """What is wrong with the wish, in words for whoever wished it; `names`: with what of it."""

    def __init__(self, text: str, *names: str) -> None:
        super().__init__(text)
        self.names = names


@dataclass(frozen=True, kw_only=True)
class Filters:
    """A range of whole days in a zone, and which chats."""

    first: date
    last: date
    zone: zoneinfo.ZoneInfo
    brand: int | None = None
    team: int | None = None
    agent: str = ""
    topic: int | None = None
    channel: str = ""
    tag: int | None = None
    started_by: str = ""
    # With which days: those before, the same a year before, or none.
    compare: str = ""

    @property
    def since(self) -> datetime:
        """Return the first moment of the first day, in its zone."""
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def until(self) -> datetime:
        """Return the first moment after the last day, in its zone: it is no part of the range."""
        return datetime.combine(self.last + timedelta(days=1), time.min, self.zone)

    @property
    def has_whole_hours(self) -> bool:
        """Return whether hours of the zone begin with those of UTC all through the range."""
        count = (self.last - self.first).days + 2
        midnights = (
            datetime.combine(self.first + timedelta(days=number), time.min, self.zone)
            for number in range(count)
        )
        return not any((each.utcoffset() or _HOUR) % _HOUR for each in midnights)

    @property
    def before(self) -> "Filters":
        """Return the same for the days to compare with."""
        # Whole weeks, so that a Monday stands beside a Monday.
        is_year = self.compare == "year"
        days = timedelta(days=364) if is_year else self.last - self.first + timedelta(days=1)
        return replace(self, first=self.first - days, last=self.last - days)

    def narrowed(self, names: Iterable[str]) -> "Filters":
        """Return the same by these choices only: those that mean nothing here are left out."""
        return replace(self, **{name: kind for name, kind in _UNSET.items() if name not in names})

    def on(self, day: date) -> "Filters":
        """Return the same for one day."""
        return replace(self, first=day, last=day)

    @property
    def query(self) -> dict[str, str]:
        """Return what stands in the address."""
        values = {
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "zone": self.zone.key,
            "brand": self.brand,
            "team": self.team,
            "agent": self.agent,
            "topic": self.topic,
            "channel": self.channel,
            "tag": self.tag,
            "started_by": self.started_by,
            "compare": self.compare,
        }
        return {name: str(value) for name, value in values.items() if value}

    @property
    def address(self) -> str:
        """Return the same as the end of an address."""
        return f"?{urlencode(self.query)}"


def default_filters(zone: str, *, now: datetime) -> Filters:
    """Return the last thirty days, today included."""
    there = zoneinfo.ZoneInfo(zone)
    today = now.astimezone(there).date()
    return Filters(first=today - timedelta(days=29), last=today, zone=there)


def read_filters(wish: Mapping[str, str], *, zone: str, now: datetime) -> Filters:
    """Return what an address asks for; without days the last thirty, without `zone` in `zone`.

    Raises `BadFilter` for days, a range or a zone that can't be; what narrows and can't be read is
    taken for not chosen.
    """
    there = wish.get("zone") or zone
    try:
        usual = default_filters(there, now=now)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise BadFilter(_("There is no such time zone."), "zone") from None
    first = _day(wish, "from", usual.first)
    last = _day(wish, "to", max(first, usual.last))
    if last < first:
        raise BadFilter(_("The range ends before it starts."), "from", "to")
    if last - first > LONGEST:
        raise BadFilter(_("The range is longer than two years."), "from", "to")
    return Filters(
        first=first,
        last=last,
        zone=usual.zone,
        brand=_key(wish.get("brand")),
        team=_key(wish.get("team")),
        agent=wish.get("agent", "")[:22],
        topic=_key(wish.get("topic")),
        channel=wish.get("channel", "")[:16],
        tag=_key(wish.get("tag")),
        started_by=_side(wish.get("started_by", "")),
        compare=_COMPARED.get(wish.get("compare", ""), ""),
    )


def read_rest(
    wish: Mapping[str, str], *, without: Iterable[str], zone: str, now: datetime
) -> Filters:
    """Return what an address asks for without what is wrong with it, and else as usual."""
    rest = {name: value for name, value in wish.items() if name not in without}
    try:
        return read_filters(rest, zone=zone, now=now)
    except BadFilter as error:
        return read_rest(rest, without=error.names, zone=zone, now=now)


def known(wish: Mapping[str, str]) -> dict[str, str]:
    """Return what is kept of an address: nothing that no report understands."""
    # An empty row is that of what has no topic, tag or agent; none is that of the totals.
    kept = [name for name in _KNOWN if wish.get(name) or (name == "row" and name in wish)]
    return {name: wish[name][:60] for name in kept}


def _day(wish: Mapping[str, str], name: str, usual: date) -> date:
    text = wish.get(name)
    try:
        return day_of(text) if text else usual
    except ValueError:
        raise BadFilter(_("This is not a date."), name) from None


def day_of(text: str) -> date:
    """Return a day as it stands in an address. Raises `ValueError`, for those of no report too."""
    found = date.fromisoformat(text)
    if not 2000 <= found.year <= 2200:
        raise ValueError(text)
    return found


def _side(text: str) -> str:
    # Programs may ask for invitations, by which no chat begins yet.
    if text and text not in {*STARTED_BY, "invitation"}:
        raise BadFilter(_("A chat is started by its visitor or by an agent."), "started_by")
    return text


def _key(text: str | None) -> int | None:
    return key_of(text) if text else None


def presets(filters: Filters, *, now: datetime) -> list[tuple[str, Filters]]:
    """Return the usual ranges, with everything else as it is."""
    today = now.astimezone(filters.zone).date()
    month = today.replace(day=1)
    last_month = month - timedelta(days=1)
    ranges = [
        (_("Today"), today, today),
        (_("Yesterday"), today - timedelta(days=1), today - timedelta(days=1)),
        (_("7 days"), today - timedelta(days=6), today),
        (_("30 days"), today - timedelta(days=29), today),
        (_("This month"), month, today),
        (_("Last month"), last_month.replace(day=1), last_month),
    ]
    return [(name, replace(filters, first=first, last=last)) for name, first, last in ranges]
