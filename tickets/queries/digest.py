"""What waits for an agent in the morning."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from agents.access import access_of
from agents.models import Agent
from tickets.models import Entry, Ticket
from tickets.queries.ticket_list import UNFINISHED

# Of each sort; whoever has more opens the desk.
SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Some:
    """The newest tickets of a sort, and how many there are."""

    tickets: Sequence[Ticket]
    count: int

    @property
    def more(self) -> int:
        """Return how many are not shown."""
        return self.count - len(self.tickets)


@dataclass(frozen=True, kw_only=True)
class Digest:
    """An agent's tickets: whose customer wrote last, that nobody has, and all others."""

    answers: Some
    free: Some
    others: Some

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to tell."""
        return not (self.answers.count or self.free.count or self.others.count)


def digest_of(agent: Agent) -> Digest:
    """Return what waits for an agent now, as far as they may see it."""
    found = Ticket.objects.visible_to(access_of(agent)).filter(
        status__in=UNFINISHED, is_spam=False, brand__is_active=True
    )
    mine = found.filter(assignee=agent.pk)
    at_work = (Ticket.Status.NEW, Ticket.Status.OPEN)
    spoken = mine.filter(status__in=at_work, preview_author=Entry.AuthorKind.CUSTOMER)
    return Digest(
        answers=_some(spoken),
        # Also those that somebody has answered once, without taking them.
        free=_some(found.filter(assignee=None, status__in=at_work)),
        others=_some(mine.exclude(pk__in=spoken.values("pk"))),
    )


def _some(tickets: QuerySet[Ticket]) -> Some:
    newest = tickets.select_related("contact", "brand").defer("search", "data")
    return Some(tickets=list(newest.order_by("-updated_at", "-pk")[:SHOWN]), count=tickets.count())
