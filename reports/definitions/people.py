"""Figures of agents' time: statuses, and chats at once."""

import re

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from agents.models import BreakReason, Status
from reports.definitions.shape import Figure, Listing, Source, Unit

_REASON = re.compile(r"break_(\d{1,9})")


def _status(
    key: str, name: object, formula: object, *, unit: Unit = Unit.SECONDS, part: str = ""
) -> Figure:
    return Figure(
        key=key,
        name=name,  # type: ignore[arg-type]
        formula=formula,  # type: ignore[arg-type]
        unit=unit,
        source=Source.TIME,
        counted_at="clipped",
        part=part or key,
        agent="agent",
        listing=Listing.STATUSES,
    )


PEOPLE = (
    _status("online", _("Online"), _("Time in the status Online.")),
    _status("break", _("Break"), _("Time on breaks, whatever the reason.")),
    _status("invisible", _("Invisible"), _("Time in the status Invisible.")),
    _status(
        "offline_time", _("Offline"), _("Time in the status Offline."), part=str(Status.OFFLINE)
    ),
    _status(
        "first_online",
        _("First in"),
        _("When the agent was first Online in these days."),
        unit=Unit.MOMENT,
    ),
    _status(
        "last_offline",
        _("Last out"),
        _("When the agent last went Offline in these days; none while they are here."),
        unit=Unit.MOMENT,
    ),
    _status(
        "changes",
        _("Changes"),
        _("How often a status began in these days; behind it stands who changed it."),
        unit=Unit.COUNT,
    ),
    Figure(
        key="status_seconds",
        name=_("Time by status and reason"),
        formula=_("Time in each status, Offline too, by the reason of breaks."),
        unit=Unit.BY_REASON,
        source=Source.TIME,
        counted_at="clipped",
        agent="agent",
        listing=Listing.STATUSES,
    ),
    Figure(
        key="busy",
        name=_("Busy time"),
        formula=_("Time with at least one of these chats; chats at once count once."),
        unit=Unit.SECONDS,
        source=Source.TIME,
        counted_at="clipped",
        part="busy",
        agent="agent",
    ),
    Figure(
        key="concurrency",
        name=_("Concurrency"),
        formula=_("How many of these chats at once, on average, while there was at least one."),
        unit=Unit.NUMBER,
        source=Source.TIME,
        counted_at="clipped",
        part="open",
        over_part="busy",
        agent="agent",
    ),
    Figure(
        key="concurrency_max",
        name=_("Most at once"),
        formula=_("The most of these chats that the agent had at the same time."),
        unit=Unit.COUNT,
        source=Source.TIME,
        counted_at="clipped",
        part="most",
        agent="agent",
    ),
    Figure(
        key="occupancy",
        name=_("Occupancy"),
        formula=_("Time Online with at least one of these chats or a wrap-up / time Online."),
        unit=Unit.SHARE,
        source=Source.TIME,
        counted_at="clipped",
        part="occupied",
        over_part="online",
        agent="agent",
    ),
    Figure(
        key="utilisation",
        name=_("Utilisation"),
        formula=_("Slots in use while Online / slots offered while Online, each for its time."),
        unit=Unit.SHARE,
        source=Source.TIME,
        counted_at="clipped",
        part="used",
        over_part="offered",
        agent="agent",
    ),
    Figure(
        key="busy_away",
        name=_("Chats while away"),
        formula=_("Time on a break or Invisible with at least one of these chats."),
        unit=Unit.SECONDS,
        source=Source.TIME,
        counted_at="clipped",
        part="away",
        agent="agent",
    ),
)

STANDING = (
    Figure(
        key="queue_length",
        name=_("In queue"),
        formula=_("Chats that wait for an agent now."),
        unit=Unit.COUNT,
        source=Source.NOW,
        counted_at="now",
    ),
    Figure(
        key="agents_online",
        name=_("Agents Online"),
        formula=_("Agents who are Online and here now, and may answer such chats."),
        unit=Unit.COUNT,
        source=Source.NOW,
        counted_at="now",
        listing=Listing.STATUSES,
    ),
)


def reason_figures() -> list[Figure]:
    """Return one figure for each reason of a break, in the order of the admin's list."""
    found = BreakReason.objects.order_by("position", "pk")
    return [_of_reason(reason) for reason in found]


def reason_figure(key: str) -> Figure | None:
    """Return the figure of a reason by its key."""
    named = _REASON.fullmatch(key)
    reason = BreakReason.objects.filter(pk=int(named[1])).first() if named else None
    return _of_reason(reason) if reason else None


def _of_reason(reason: BreakReason) -> Figure:
    name = reason.label(get_language() or "")
    return _status(f"break_{reason.pk}", name, _("Time on breaks of this reason."))
