"""Tickets, as the engine knows them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.db.models import Min, QuerySet
from django.utils import timezone

from agents.actors import Rule
from automation.models import Run
from automation.rules.sight import Happening, Sight
from automation.rules.tickets.actions import TICKET_ACTIONS, TOUCHING, TicketActing
from automation.rules.tickets.facts import (
    TicketSight,
    answered_since,
    happening_of,
    may_be_unsaid,
    ripe_at,
    seen_tickets,
    waiting_since,
)
from automation.rules.watched.base import Watched
from chat.models import Conversation
from tickets.models import Entry, Ticket
from tickets.operations.automatic import tell_of_rule


class Tickets(Watched):
    """Tickets, wherever they came from."""

    subject, column = TicketSight.subject, TicketSight.column
    mark = "t"
    is_armed_by_lines = True

    def lines_after(self, pk: int, seq: int) -> Sequence[Entry]:
        """Return the lines that come after one, up to a reply that may still be taken back."""
        lines = Entry.objects.filter(ticket=pk, seq__gt=seq)
        with_ticket = lines.select_related("ticket__assignee")
        now = timezone.now()
        found = with_ticket.defer("ticket__search").order_by("seq")
        return list(takewhile(lambda line: not may_be_unsaid(line, now), found))

    def sights(self, lines: Sequence[Entry]) -> Iterable[tuple[Entry, Sight | None]]:
        """Yield each line with what rules see of it; None for what no rule looks at."""
        customer, message = Entry.AuthorKind.CUSTOMER, Entry.Kind.MESSAGE
        words = (
            each.body for each in lines if (each.author_kind, each.kind) == (customer, message)
        )
        first_words = next(words, "")
        for line in lines:
            happening = None if line.ticket.is_spam else happening_of(line, first_words)
            if happening is None:
                yield line, None
            else:
                yield line, self.sight(line.ticket, happening, timezone.now())

    def sight(self, row: Any, happening: Happening, now: datetime) -> Sight:
        """Return what rules see of a ticket."""
        return TicketSight(row, happening, now)

    def act(
        self, run: Run, position: int, told: Mapping[str, Any], *, by: Rule, now: datetime
    ) -> str:
        """Do one action; return why it was not done, or ""."""
        ticket = _ticket(run)
        if told["action"] in TOUCHING and _waits_for_its_chat(ticket):
            return "safety_net"
        acting = TicketActing(run=run, position=position, ticket=ticket, by=by, now=now)
        return TICKET_ACTIONS[told["action"]].do(acting, told)

    def tell(self, run: Run, told: dict[str, str], *, by: Rule, now: datetime) -> None:
        """Have the timeline tell that a rule acts, and why."""
        tell_of_rule(ticket=_ticket(run), by=by, told=told, now=now)

    def open(self) -> QuerySet[Ticket]:
        """Return the tickets that are not done, with all that rules see of them."""
        return seen_tickets().exclude(status__in=Ticket.DONE).filter(is_spam=False)

    def since(self, since: str, row: Any) -> datetime | None:
        """Return from when a rule of time counts; None while that is not so.

        What was said in a chat before the ticket was opened counts from then.
        """
        if since == "created":
            created: datetime = row.created_at
            return created
        at = waiting_since(row) if since == "waiting" else answered_since(row)
        return at and max(at, row.created_at)

    def first_since(self, pk: int, at: datetime) -> int | None:
        """Return the number of the first line from a moment on; None where there is none."""
        lines = Entry.objects.filter(ticket=pk, created_at__gte=at)
        first: int | None = lines.aggregate(first=Min("seq"))["first"]
        return first

    def settled_at(self, row: Any) -> datetime | None:
        """Return when the newest reply can't be taken back any more; None when none can be."""
        return ripe_at(row.pk)


def _waits_for_its_chat(ticket: Ticket) -> bool:
    """Return whether somebody may still take the chat for which a ticket is the safety net."""
    if not ticket.is_untouched_net:
        return False
    return bool(Conversation.objects.unresolved().filter(ticket=ticket).exists())


def _ticket(run: Run) -> Ticket:
    found: Ticket = seen_tickets().get(pk=run.ticket_id or 0)
    return found


TICKETS = Tickets()
