"""Facts of tickets: what the lines of one say, and writing them, after each change or all."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched

from django.db import transaction

from config.outbox.operations import enqueue
from reports.facts.hours import PastHours, open_seconds
from reports.facts.past import BATCH, Past
from reports.facts.reading import Span
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
class TicketHistory:
    """What the lines of one ticket say."""

    first_reply_at: datetime | None = None
    first_resolved_at: datetime | None = None
    last_resolved_at: datetime | None = None
    first_reopened_at: datetime | None = None
    # From when to when one waited for the other; null while it is not done: they go on.
    requester_waits: list[Span] | None = None
    agent_waits: list[Span] | None = None


def read_ticket(lines: Iterable[Entry], *, opened_at: datetime) -> TicketHistory:
    """Return what lines in their order say: pure, and of nothing but them."""
    lines = list(lines)
    moves = [line for line in lines if line.kind == Entry.Kind.STATUS]
    is_done = bool(moves) and moves[-1].data.get("to") in Ticket.DONE
    resolved = [line.created_at for line in moves if line.data.get("to") == Ticket.Status.RESOLVED]
    return TicketHistory(
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
        requester_waits=_spans_in(_REQUESTERS, moves, opened_at) if is_done else None,
        agent_waits=_spans_in(_AGENTS, moves, opened_at) if is_done else None,
    )


def _crosses(line: Entry, statuses: Collection[str]) -> int:
    """Return 1 where a ticket leaves these statuses, -1 where it comes into them, else 0."""
    return (line.data.get("from") in statuses) - (line.data.get("to") in statuses)


def _spans_in(statuses: Collection[str], moves: Iterable[Entry], opened_at: datetime) -> list[Span]:
    """Return when a ticket that is done was in these statuses; it may have begun in one."""
    found, since = [], opened_at
    for line in moves:
        until = max(since, line.created_at)
        if line.data.get("from") in statuses:
            found.append((since, until))
        since = until
    return found


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
    hours = PastHours(ticket.brand_id for ticket in tickets)
    TicketFact.objects.filter(pk__in=lines).delete()
    TicketFact.objects.bulk_create(
        [_fact_of(ticket, lines[ticket.pk], hours) for ticket in tickets], batch_size=BATCH
    )
    return len(tickets)


def _fact_of(ticket: Ticket, lines: Iterable[Entry], hours: PastHours) -> TicketFact:
    history = read_ticket(lines, opened_at=ticket.created_at)
    calendar = hours.calendar(ticket.brand_id, ticket.created_at)
    spans: dict[str, list[Span] | None] = {
        "first_reply": _since_opened(ticket, history.first_reply_at),
        "first_resolution": _since_opened(ticket, history.first_resolved_at),
        "resolution": _since_opened(ticket, history.last_resolved_at),
        "requester_wait": history.requester_waits,
        "agent_wait": history.agent_waits,
    }
    seconds: dict[str, float | None] = {}
    for name, parts in spans.items():
        seconds[name] = seconds[f"{name}_open"] = None
        if parts is not None:
            lasted = sum((until - since for since, until in parts), timedelta())
            seconds[name] = lasted.total_seconds()
            seconds[f"{name}_open"] = sum(open_seconds(calendar, part) or 0.0 for part in parts)
    return TicketFact(
        ticket=ticket,
        is_counted=not ticket.is_spam and not ticket.is_closed_net,
        first_reply_at=history.first_reply_at,
        first_resolved_at=history.first_resolved_at,
        last_resolved_at=history.last_resolved_at,
        first_reopened_at=history.first_reopened_at,
        **{name: getattr(ticket, name) for name in _SAME},
        **seconds,
    )


def _since_opened(ticket: Ticket, at: datetime | None) -> list[Span] | None:
    # Clocks of processes differ: nothing lasts less than nothing.
    return None if at is None else [(ticket.created_at, max(ticket.created_at, at))]


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
