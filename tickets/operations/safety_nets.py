"""Tickets made in case nobody takes a chat: closed with it as long as nobody touched them."""

from datetime import datetime

from django.db import transaction

from tickets.models import Entry, Ticket
from tickets.operations.lines import append, keep


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
    sides = {"from": str(ticket.status), "to": str(status)}
    ticket.status = status
    data = {"field": "status", **sides, "because": "chat"}
    append(ticket, kind=Entry.Kind.STATUS, by=None, now=now, data=data)
    keep(ticket, what="status", now=now, fields=["status"])
