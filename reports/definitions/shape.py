"""What a figure and a report are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

SERVICE_SECONDS = 30
QUICK_SECONDS = 10


class Unit(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"
    NUMBER = "number"
    MOMENT = "moment"
    # Seconds by status and reason: for programs, no table has room for them.
    BY_REASON = "by_reason"


class Source(StrEnum):
    """Which facts a figure adds up."""

    STAY = "stay"
    STINT = "stint"
    OFFER = "offer"
    WORD = "word"
    # Time of agents, clipped to the range: `reports/figures/worktime.py`.
    TIME = "time"
    TICKET = "ticket"
    # What stands at this moment, whatever the days: `reports/figures/standing.py`.
    NOW = "now"


# What belongs to a stay, and holds itself what it is filtered by.
OF_STAYS = frozenset({Source.STINT, Source.OFFER, Source.WORD})


class Listing(StrEnum):
    """Which list of rows is behind a cell; it is a page of that name."""

    SESSIONS = "sessions"
    STATUSES = "statuses"
    TICKETS = "ticket-list"


# An aggregate over the facts that a condition keeps.
type Of = Callable[[Q], Any]


def of(aggregate: Callable[..., Any], what: Any, *, only: Q | None = None, **options: Any) -> Of:
    """Return an aggregate of a field or expression, over what a figure's own condition keeps."""
    return lambda where: aggregate(
        what, filter=(where & only if only else where) or None, **options
    )


COUNTED = of(Count, "pk")
REOPENED_WITHIN = timedelta(days=7)
IN_HOURS = _("The same, but only time in which the brand was open counts.")
STAYS = of(Count, "stay", distinct=True)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure. `where` says which facts it is made of, `of` what is taken of them."""

    key: str
    name: str | Promise
    formula: str | Promise
    unit: Unit
    source: Source = Source.STAY
    # The moment that puts it into a period.
    counted_at: str
    of: Of = COUNTED
    where: Q = field(default_factory=Q)
    # Divides `of`.
    over: Of | None = None
    # Its stays are sessions, each of which counts once.
    of_sessions: bool = False
    # Of time: which part of an agent's time it is, and which divides it.
    part: str = ""
    over_part: str = ""
    # Whose figure it is; a figure of no agent stands in no agent's row.
    agent: str = ""
    # Less of it is better, more is, or neither.
    better: int = 0
    listing: Listing = Listing.SESSIONS

    @property
    def word(self) -> str:
        """Return its key in answers and addresses: tickets have some of the same name as chats."""
        return self.key.removeprefix("ticket_") if self.source == Source.TICKET else self.key

    @property
    def is_column(self) -> bool:
        """Return whether pages and files show it."""
        return self.unit != Unit.BY_REASON

    @property
    def moment(self) -> str:
        """Return the field of the moment as its source names it."""
        match self.source:
            case Source.OFFER:
                return "missed_at"
            case Source.WORD:
                return "said_at"
            case Source.TICKET:
                return _OF_TICKETS[self.counted_at]
            case Source.STINT:
                return f"stay_{self.counted_at}_at"
        return f"{self.counted_at}_at"


_OF_TICKETS = {
    "opened": "created_at",
    "solved": "last_resolved_at",
    "first_solved": "first_resolved_at",
}
MOMENTS: Mapping[str, Promise] = {
    "started": _("when the chat began"),
    "queued": _("when it came into line"),
    "ended": _("when it ended"),
    "resolved": _("when it was resolved"),
    "rated": _("when it was rated"),
    "said": _("when the answer was given"),
    "missed": _("when the offer was missed"),
    "clipped": _("the part within the days; what goes on counts up to now"),
    "opened": _("when the ticket was opened"),
    "solved": _("when the ticket was last resolved"),
    "first_solved": _("when the ticket was first resolved"),
    "now": _("at this moment, whatever the days"),
}

# What a row of a report is, and what narrows it.
ROWS: Mapping[str, Promise] = {
    "agent": _("Agent"),
    "day": _("Day"),
    "channel": _("Channel"),
    "topic": _("Topic"),
    "brand": _("Brand"),
    "team": _("Team"),
    "tag": _("Tag"),
    "started_by": _("Started by"),
    "type": _("Type"),
    "status": pgettext_lazy("ticket", "Status"),
    "priority": _("Priority"),
    "source": _("Source"),
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """Which figures stand together, and what a row of their table is."""

    name: str
    title: str | Promise
    keys: tuple[str, ...]
    # What its rows may be; the first unless the address says otherwise.
    by: tuple[str, ...]
    tiles: tuple[str, ...] = ()
    # Drawn on top of each other for each row.
    stacked: tuple[str, ...] = ()
    # Drawn by day, and by weekday and hour, whatever the rows are.
    daily: tuple[str, ...] = ()
    hourly: str = ""
    # What stands now, told to programs with the totals: people look at the wallboard.
    standing: tuple[str, ...] = ()
    # Which choices narrow it, beside days and zone.
    narrowed_by: tuple[str, ...] = (
        "brand",
        "team",
        "agent",
        "topic",
        "channel",
        "tag",
        "started_by",
    )
