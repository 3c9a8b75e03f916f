"""What each figure means: one definition for page, file, API and the rows behind a cell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Avg, Count, Max, Q, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SERVICE_SECONDS = 30
QUICK_SECONDS = 10


class Unit(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"


class Source(StrEnum):
    """Which facts a figure adds up."""

    STAY = "stay"
    STINT = "stint"
    OFFER = "offer"


# An aggregate over the facts that a condition keeps.
type Of = Callable[[Q], Any]


def _of(aggregate: Callable[..., Any], field: str, *, only: Q | None = None, **options: Any) -> Of:
    return lambda where: aggregate(
        field, filter=(where & only if only else where) or None, **options
    )


_COUNT = _of(Count, "pk")
_STAYS = _of(Count, "stay", distinct=True)


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
    of: Of
    where: Q = field(default_factory=Q)
    # Divides `of`.
    over: Of | None = None
    # Whose figure it is; a figure of no agent stands in no agent's row.
    agent: str = ""
    # Less of it is better, more is, or neither.
    better: int = 0

    @property
    def moment(self) -> str:
        """Return the field of the moment as its source names it."""
        if self.source == Source.OFFER:
            return "missed_at"
        return f"{self.stay}{self.counted_at}_at"

    @property
    def stay(self) -> str:
        """Return how a field of the stay begins in its source."""
        return "" if self.source == Source.STAY else "stay__"


MOMENTS: Mapping[str, Promise] = {
    "started": _("when the chat began"),
    "queued": _("when it came into line"),
    "ended": _("when it ended"),
    "rated": _("when it was rated"),
    "missed": _("when the offer was missed"),
}
_MISSED = Q(first_reply_at=None, ended_at__isnull=False)
_LEFT = _MISSED & Q(because="left", queued_at__isnull=False)
_SERVED = Q(queued_at__isnull=False) & (
    Q(first_response__isnull=False)
    | (_LEFT & Q(wait_left__gte=QUICK_SECONDS))
    | (_MISSED & Q(because__in=["timed_out", "nobody"]))
)

_FIGURES = (
    Figure(
        key="requests",
        name=_("Chats"),
        formula=_("All chats that were started, also those that nobody answered."),
        unit=Unit.COUNT,
        counted_at="started",
        of=_COUNT,
    ),
    Figure(
        key="sessions",
        name=_("Sessions"),
        formula=_("Stays in which an agent said at least one thing to the visitor."),
        unit=Unit.COUNT,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(answered=True),
        of=_STAYS,
    ),
    Figure(
        key="participations",
        name=_("Participations"),
        formula=_("Times that an agent had a chat; one chat may have had several agents."),
        unit=Unit.COUNT,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        of=_COUNT,
    ),
    Figure(
        key="talk",
        name=_("Total talk time"),
        formula=_(
            "Sum of the time from having a chat to its end or passing it on, "
            "also of sessions without a message."
        ),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(talk__isnull=False),
        of=_of(Sum, "talk"),
    ),
    Figure(
        key="average_session",
        name=_("Average session"),
        formula=_("Talk time of the sessions divided by their number."),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(answered=True, talk__isnull=False),
        of=_of(Sum, "talk"),
        over=_STAYS,
    ),
    Figure(
        key="acw",
        name=_("Wrap-up (ACW)"),
        formula=_(
            "Mean time from the end to resolving, to the agent's next status, or to the cap."
        ),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(acw__isnull=False),
        of=_of(Avg, "acw"),
        better=-1,
    ),
    Figure(
        key="first_response",
        name=_("First response"),
        formula=_(
            "Mean time from coming into line (or reopening) to a person's first message. "
            "Automatic replies never count."
        ),
        unit=Unit.SECONDS,
        counted_at="ended",
        agent="first_reply_by",
        where=Q(first_response__isnull=False),
        of=_of(Avg, "first_response"),
        better=-1,
    ),
    Figure(
        key="reaction",
        name=_("Reaction"),
        formula=_("Mean time from having the chat to a person's first message."),
        unit=Unit.SECONDS,
        counted_at="ended",
        agent="first_reply_by",
        where=Q(reaction__isnull=False),
        of=_of(Avg, "reaction"),
        better=-1,
    ),
    Figure(
        key="wait",
        name=_("Wait"),
        formula=_("Mean time in line of those whom an agent got; a transfer keeps its start."),
        unit=Unit.SECONDS,
        counted_at="queued",
        where=Q(wait__isnull=False),
        of=_of(Avg, "wait"),
        better=-1,
    ),
    Figure(
        key="wait_max",
        name=_("Longest wait"),
        formula=_("The longest time in line of those whom an agent got."),
        unit=Unit.SECONDS,
        counted_at="queued",
        where=Q(wait__isnull=False),
        of=_of(Max, "wait"),
        better=-1,
    ),
    Figure(
        key="wait_left",
        name=_("Wait of those who left"),
        formula=_("Mean time in line of visitors who left before anybody answered."),
        unit=Unit.SECONDS,
        counted_at="queued",
        where=_LEFT,
        of=_of(Avg, "wait_left"),
    ),
    Figure(
        key="missed",
        name=_("Missed"),
        formula=_("Chats that are over and in which no person said anything."),
        unit=Unit.COUNT,
        counted_at="started",
        where=_MISSED,
        of=_COUNT,
        better=-1,
    ),
    Figure(
        key="abandoned",
        name=_("Abandoned"),
        formula=_("Missed because the visitor left the line after 10 seconds or more."),
        unit=Unit.COUNT,
        counted_at="queued",
        where=_LEFT & Q(wait_left__gte=QUICK_SECONDS),
        of=_COUNT,
        better=-1,
    ),
    Figure(
        key="quick_abandoned",
        name=_("Left at once"),
        formula=_("The visitor left the line within 10 seconds; not in the service level."),
        unit=Unit.COUNT,
        counted_at="queued",
        where=_LEFT & Q(wait_left__lt=QUICK_SECONDS),
        of=_COUNT,
    ),
    Figure(
        key="timed_out",
        name=_("Timed out"),
        formula=_("Missed, and ended because it had stood too long."),
        unit=Unit.COUNT,
        counted_at="queued",
        where=_MISSED & Q(because="timed_out", queued_at__isnull=False),
        of=_COUNT,
        better=-1,
    ),
    Figure(
        key="offline",
        name=_("Left for e-mail"),
        formula=_("Messages that were left while nobody was there."),
        unit=Unit.COUNT,
        counted_at="started",
        where=_MISSED & Q(because="nobody"),
        of=_COUNT,
    ),
    Figure(
        key="service_level",
        name=_("Service level"),
        formula=_(
            "Share of chats in line that a person answered within 30 seconds; "
            "those who left within 10 seconds don't count."
        ),
        unit=Unit.SHARE,
        counted_at="queued",
        where=_SERVED,
        of=_of(Count, "pk", only=Q(first_response__lte=SERVICE_SECONDS)),
        over=_COUNT,
        better=1,
    ),
    Figure(
        key="missed_offers",
        name=_("Missed offers"),
        formula=_("Chats that rang at an agent who did not take them in time."),
        unit=Unit.COUNT,
        source=Source.OFFER,
        counted_at="missed",
        agent="agent",
        of=_COUNT,
        better=-1,
    ),
    Figure(
        key="ratings",
        name=_("Ratings"),
        formula=_("Chats that were rated; the newest rating counts, for who said most."),
        unit=Unit.COUNT,
        counted_at="rated",
        agent="rated_agent",
        where=Q(score__isnull=False),
        of=_COUNT,
    ),
    Figure(
        key="csat",
        name=_("Satisfaction"),
        formula=_("Share of ratings of 4 and 5."),
        unit=Unit.SHARE,
        counted_at="rated",
        agent="rated_agent",
        where=Q(score__isnull=False),
        of=_of(Count, "pk", only=Q(score__gte=4)),
        over=_COUNT,
        better=1,
    ),
)
FIGURES: Mapping[str, Figure] = {figure.key: figure for figure in _FIGURES}


@dataclass(frozen=True, kw_only=True)
class Report:
    """Which figures stand together, and what a row of their table is."""

    name: str
    title: str | Promise
    keys: tuple[str, ...]
    # What its rows may be; the first unless the address says otherwise.
    by: tuple[str, ...]
    tiles: tuple[str, ...] = ()


_REPORTS = (
    Report(
        name="agents",
        title=_("Agent performance"),
        by=("agent",),
        keys=(
            "sessions",
            "talk",
            "average_session",
            "first_response",
            "acw",
            "missed_offers",
            "csat",
            "participations",
            "ratings",
        ),
        tiles=("sessions", "first_response", "average_session", "acw", "csat"),
    ),
    Report(
        name="general",
        title=_("Messaging"),
        by=("day", "channel", "topic", "brand", "started_by"),
        keys=("requests", "sessions", "missed", "offline", "first_response", "average_session"),
        tiles=("requests", "sessions", "missed", "first_response", "average_session"),
    ),
    Report(
        name="queue",
        title=_("Queue"),
        by=("day", "topic", "brand", "channel"),
        keys=(
            "wait",
            "wait_max",
            "wait_left",
            "abandoned",
            "quick_abandoned",
            "timed_out",
            "service_level",
        ),
        tiles=("service_level", "wait", "wait_max", "abandoned", "timed_out"),
    ),
    Report(
        name="topics",
        title=_("Topics"),
        by=("topic",),
        keys=("requests", "sessions", "missed", "first_response", "average_session", "csat"),
        tiles=("requests", "sessions", "missed", "csat"),
    ),
    Report(
        name="ratings",
        title=_("Ratings"),
        by=("agent", "day", "topic", "brand"),
        keys=("ratings", "csat"),
        tiles=("ratings", "csat"),
    ),
)
REPORTS: Mapping[str, Report] = {report.name: report for report in _REPORTS}
