"""Figures of tickets, from their timelines."""

from django.db.models import Avg, Count, F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reports.definitions.shape import (
    COUNTED,
    IN_HOURS,
    REOPENED_WITHIN,
    Figure,
    Listing,
    Source,
    Unit,
    of,
)

_DONE = Q(status__in=["resolved", "closed"])


def _mean(
    key: str,
    *,
    name: str | Promise,
    formula: str | Promise,
    counted_at: str,
    where: Q,
    seconds: str,
    better: int = -1,
) -> Figure:
    """Return the mean of a column of seconds, over the tickets that `where` keeps."""
    return Figure(
        key=key,
        name=name,
        formula=formula,
        unit=Unit.SECONDS,
        source=Source.TICKET,
        counted_at=counted_at,
        agent="assignee",
        where=where,
        of=of(Avg, seconds),
        better=better,
        listing=Listing.TICKETS,
    )


TICKETS = (
    Figure(
        key="tickets_opened",
        name=_("Tickets"),
        formula=_("Tickets that were opened, without those closed along with their chat."),
        unit=Unit.COUNT,
        source=Source.TICKET,
        counted_at="opened",
        agent="assignee",
        of=COUNTED,
        listing=Listing.TICKETS,
    ),
    Figure(
        key="tickets_undone",
        name=_("Still open"),
        formula=_("Tickets that were opened in these days and are neither resolved nor closed."),
        unit=Unit.COUNT,
        source=Source.TICKET,
        counted_at="opened",
        agent="assignee",
        where=~_DONE,
        of=COUNTED,
        better=-1,
        listing=Listing.TICKETS,
    ),
    Figure(
        key="tickets_solved",
        name=_("Resolved"),
        formula=_("Tickets that are done and were last resolved in these days."),
        unit=Unit.COUNT,
        source=Source.TICKET,
        counted_at="solved",
        agent="assignee",
        where=_DONE,
        of=COUNTED,
        better=1,
        listing=Listing.TICKETS,
    ),
    _mean(
        "ticket_first_response",
        name=_("First reply"),
        formula=_(
            "Mean time from opening to an agent's first public reply that was no word of the chat."
        ),
        counted_at="opened",
        where=Q(first_reply__isnull=False),
        seconds="first_reply",
    ),
    _mean(
        "ticket_first_response_open",
        name=_("First reply, open hours"),
        formula=IN_HOURS,
        counted_at="opened",
        where=Q(first_reply_open__isnull=False),
        seconds="first_reply_open",
    ),
    _mean(
        "ticket_resolution_first",
        name=_("First resolution"),
        formula=_("Mean time from opening to when the ticket was first resolved."),
        counted_at="solved",
        where=Q(first_resolution__isnull=False),
        seconds="first_resolution",
    ),
    _mean(
        "ticket_resolution_first_open",
        name=_("First resolution, open hours"),
        formula=IN_HOURS,
        counted_at="solved",
        where=Q(first_resolution_open__isnull=False),
        seconds="first_resolution_open",
    ),
    _mean(
        "ticket_resolution_last",
        name=_("Last resolution"),
        formula=_("Mean time from opening to when the ticket was last resolved."),
        counted_at="solved",
        where=Q(resolution__isnull=False),
        seconds="resolution",
    ),
    _mean(
        "ticket_resolution_last_open",
        name=_("Last resolution, open hours"),
        formula=IN_HOURS,
        counted_at="solved",
        where=Q(resolution_open__isnull=False),
        seconds="resolution_open",
    ),
    _mean(
        "requester_wait",
        name=_("Requester's wait"),
        formula=_("Mean time that resolved tickets were New, Open or On hold."),
        counted_at="solved",
        where=_DONE,
        seconds="requester_wait",
    ),
    _mean(
        "requester_wait_open",
        name=_("Requester's wait, open hours"),
        formula=IN_HOURS,
        counted_at="solved",
        where=_DONE,
        seconds="requester_wait_open",
    ),
    _mean(
        "agent_wait",
        name=_("Agent's wait"),
        formula=_("Mean time that resolved tickets waited for their requester."),
        counted_at="solved",
        where=_DONE,
        seconds="agent_wait",
        better=0,
    ),
    _mean(
        "agent_wait_open",
        name=_("Agent's wait, open hours"),
        formula=IN_HOURS,
        counted_at="solved",
        where=_DONE,
        seconds="agent_wait_open",
        better=0,
    ),
    Figure(
        key="ticket_reopen_rate",
        name=_("Reopen rate"),
        formula=_("Share of tickets that were reopened within 7 days of being first resolved."),
        unit=Unit.SHARE,
        source=Source.TICKET,
        counted_at="first_solved",
        agent="assignee",
        where=Q(first_resolved_at__isnull=False),
        of=of(Count, "pk", only=Q(first_reopened_at__lte=F("first_resolved_at") + REOPENED_WITHIN)),
        over=COUNTED,
        better=-1,
        listing=Listing.TICKETS,
    ),
)
