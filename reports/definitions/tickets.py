"""Figures of tickets, from their timelines."""

from django.db.models import Avg, Q
from django.utils.translation import gettext_lazy as _

from reports.definitions.shape import COUNTED, Figure, Listing, Source, Unit, of

# `last_resolved_at`, `first_reply` and `resolution` are what `reports/tickets.py` reads of lines.
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
        where=~Q(status__in=["resolved", "closed"]),
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
        where=Q(status__in=["resolved", "closed"]),
        of=COUNTED,
        better=1,
        listing=Listing.TICKETS,
    ),
    Figure(
        key="ticket_first_reply",
        name=_("First reply"),
        formula=_(
            "Mean time from opening to an agent's first public reply that was no word of the chat."
        ),
        unit=Unit.SECONDS,
        source=Source.TICKET,
        counted_at="opened",
        agent="assignee",
        where=Q(first_reply__isnull=False),
        of=of(Avg, "first_reply"),
        better=-1,
        listing=Listing.TICKETS,
    ),
    Figure(
        key="ticket_first_resolution",
        name=_("First resolution"),
        formula=_("Mean time from opening to when the ticket was first resolved."),
        unit=Unit.SECONDS,
        source=Source.TICKET,
        counted_at="solved",
        agent="assignee",
        where=Q(first_resolution__isnull=False),
        of=of(Avg, "first_resolution"),
        better=-1,
        listing=Listing.TICKETS,
    ),
    Figure(
        key="ticket_resolution",
        name=_("Last resolution"),
        formula=_("Mean time from opening to when the ticket was last resolved."),
        unit=Unit.SECONDS,
        source=Source.TICKET,
        counted_at="solved",
        agent="assignee",
        where=Q(resolution__isnull=False),
        of=of(Avg, "resolution"),
        better=-1,
        listing=Listing.TICKETS,
    ),
)
