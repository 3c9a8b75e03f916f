"""Facts of tickets: what the lines of one say, and writing them, after each change or all."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched

from django.db import transaction

from config.outbox.operations import enqueue
from reports.facts.past import BATCH, Past
from reports.models import TicketFact
from tickets.models import Entry, Ticket
from tickets.operations.owners import lock_tickets

KIND, REBUILD = "reports.ticket_facts", "reports.ticket_rebuild"

_REQUESTERS = (Ticket.Status.NEW, Ticket.Status.OPEN, Ticket.Status.ON_HOLD)
_AGENTS = (Ticket.Status.WAITING,)
# Of a ticket and its fact the same.
_SAME = (
    "brand_id",
    "topic_id",
    "team_id",
    "assignee_id",
    "type",
    "status",
    "priority",
    "source",
    "created_at",
)


@dataclass(kw_only=True)
class Told:
    """What the lines of one ticket say."""

    first_reply_at: datetime | None = None
    first_resolved_at: datetime | None = None
    last_resolved_at: datetime | None = None
    first_reopened_at: datetime | None = None
    # Seconds; null while it is not done: they go on.
    requester_wait: float | None = None
    agent_wait: float | None = None


def read_ticket(lines: Iterable[Entry], *, opened_at: datetime) -> Told:
    """Return what lines in their order say: pure, and of nothing but them."""
    lines = list(lines)
    moves = [line for line in lines if line.kind == Entry.Kind.STATUS]
    is_done = bool(moves) and moves[-1].data.get("to") in Ticket.DONE
    resolved = [line.created_at for line in moves if line.data.get("to") == Ticket.Status.RESOLVED]
    return Told(
        # What was said in the chat before answers no ticket.
        first_reply_at=min(
            (
                line.created_at
                for line in lines
                if line.kind == Entry.Kind.MESSAGE
                and line.author_kind == Entry.AuthorKind.AGENT
                and line.chat_id is None
            ),
            default=None,
        ),
        first_resolved_at=min(resolved, default=None),
        last_resolved_at=max(resolved, default=None),
        first_reopened_at=min(
            (line.created_at for line in moves if _crosses(line, Ticket.DONE) > 0), default=None
        ),
        requester_wait=_spent_in(_REQUESTERS, moves, opened_at) if is_done else None,
        agent_wait=_spent_in(_AGENTS, moves, opened_at) if is_done else None,
    )


def _crosses(line: Entry, statuses: Collection[str]) -> int:
    """Return 1 where a ticket leaves these statuses, -1 where it comes into them, else 0."""
    return (line.data.get("from") in statuses) - (line.data.get("to") in statuses)


def _spent_in(statuses: Collection[str], moves: Iterable[Entry], opened_at: datetime) -> float:
    """Return how long a ticket that is done was in these statuses.

    When it left them, since opening, less when it came into them; it may have begun in one.
    """
    spent = ((line.created_at - opened_at) * _crosses(line, statuses) for line in moves)
    return max(0.0, sum(spent, timedelta()).total_seconds())


def note_ticket(*, ticket_id: int) -> None:
    """Have a worker write the fact of a ticket anew; one that has not changed costs nothing."""
    found = Ticket.objects.filter(pk=ticket_id).values_list("last_seq", "updated_at").first()
    if found is not None:
        # A reply that is taken back leaves no line: only the moment tells of it.
        seq, at = found
        key = f"{KIND}:{ticket_id}:{seq}:{at.isoformat()}"
        enqueue(kind=KIND, key=key, payload={"ticket_id": ticket_id})


def write_ticket_facts(*, ticket_ids: Iterable[int]) -> int:
    """Write the facts of these tickets anew, from their lines; return how many there are."""
    return sum(_write(list(some)) for some in batched(ticket_ids, BATCH, strict=False))


@transaction.atomic
def _write(ticket_ids: list[int]) -> int:
    # Locked, so that who has read fewer lines does not write after who has read more.
    tickets = lock_tickets(Ticket.objects.filter(pk__in=ticket_ids).defer("search", "data"))
    lines: dict[int, list[Entry]] = {ticket.pk: [] for ticket in tickets}
    telling = Entry.objects.filter(
        ticket__in=lines, kind__in=(Entry.Kind.STATUS, Entry.Kind.MESSAGE)
    ).only("ticket_id", "kind", "author_kind", "chat_id", "data", "created_at")
    for line in telling.order_by("seq"):
        lines[line.ticket_id].append(line)
    TicketFact.objects.filter(pk__in=lines).delete()
    TicketFact.objects.bulk_create(
        [_fact_of(ticket, lines[ticket.pk]) for ticket in tickets], batch_size=BATCH
    )
    return len(tickets)


def _fact_of(ticket: Ticket, lines: Iterable[Entry]) -> TicketFact:
    told = read_ticket(lines, opened_at=ticket.created_at)

    def since_opened(at: datetime | None) -> float | None:
        return None if at is None else max(0.0, (at - ticket.created_at).total_seconds())

    return TicketFact(
        ticket=ticket,
        is_counted=not ticket.is_spam and not ticket.is_closed_net,
        first_reply=since_opened(told.first_reply_at),
        first_resolution=since_opened(told.first_resolved_at),
        resolution=since_opened(told.last_resolved_at),
        **{name: getattr(ticket, name) for name in _SAME},
        **vars(told),
    )


def catch_up_tickets() -> None:
    """Have workers make all facts where the past has none: after the first start, of the demo."""
    if tickets_lack_the_past():
        newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first()
        PAST_OF_TICKETS.begin(run=newest or 0)


def tickets_lack_the_past() -> bool:
    """Return whether the facts of what was before the first of them are still to be made.

    The oldest ticket tells: facts of new ones come before, and the past is made newest first.
    """
    oldest = Ticket.objects.order_by("pk").values_list("pk", flat=True).first()
    return oldest is not None and not TicketFact.objects.filter(pk=oldest).exists()


PAST_OF_TICKETS = Past(kind=REBUILD, rows=Ticket.objects.all, write=_write)
