"""Tickets made in case nobody takes a chat: closed with it as long as nobody touched them."""

from datetime import datetime

from django.db import transaction

from tickets.models import Entry, Ticket


@transaction.atomic
def close_net(*, ticket: Ticket, now: datetime) -> None:
    """Resolve a ticket that its chat has made needless; one that somebody touched stays."""
    locked = _lock(ticket)
    if locked.is_untouched_net:
        _move(locked, Ticket.Status.RESOLVED, now)


@transaction.atomic
def reopen_net(*, ticket: Ticket, now: datetime) -> None:
    """Let a ticket that was closed with its chat be needed again."""
    locked = _lock(ticket)
    if locked.is_closed_net:
        _move(locked, Ticket.Status.NEW, now)


def _lock(ticket: Ticket) -> Ticket:
    found: Ticket = Ticket.objects.select_for_update(no_key=True, of=("self",)).get(pk=ticket.pk)
    return found


def _move(ticket: Ticket, status: str, now: datetime) -> None:
    before, ticket.status = str(ticket.status), status
    ticket.last_seq += 1
    ticket.updated_at = now
    ticket.save(update_fields=["status", "last_seq", "updated_at"])
    Entry.objects.create(
        ticket=ticket,
        seq=ticket.last_seq,
        kind=Entry.Kind.STATUS,
        author_kind=Entry.AuthorKind.SYSTEM,
        data={"from": before, "to": str(status), "because": "chat"},
        created_at=now,
    )
