"""One change to many tickets, and back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.models import Agent, Team
from tickets.models import Ticket
from tickets.operations.changes import NotTheirs, WrongValue, change_ticket
from tickets.rights import TicketNotAuthorised

MANY_MAX = 200


@dataclass(frozen=True, kw_only=True)
class Before:
    """What a ticket was like before a change of many, and after it."""

    ticket_id: int
    was: Mapping[str, Any]
    became: Mapping[str, Any]


def change_many(
    *, tickets: Iterable[Ticket], by: Agent, now: datetime, changes: Mapping[str, Any]
) -> list[Before]:
    """Change each ticket in a transaction of its own; what one of them refuses stops no other.

    Return what those that changed were like before, for `undo_many`.
    """
    done = []
    for ticket in sorted(tickets, key=lambda each: each.pk):
        was = _values(ticket)
        try:
            after = change_ticket(ticket=ticket, by=by, now=now, changes=changes)
        except (NotTheirs, WrongValue, TicketNotAuthorised, Ticket.DoesNotExist):
            continue
        became = _values(after)
        different = {key for key in was if was[key] != became[key]}
        if different:
            done.append(
                Before(
                    ticket_id=ticket.pk,
                    was={key: was[key] for key in different},
                    became={key: became[key] for key in different},
                )
            )
    return done


@transaction.atomic
def undo_many(*, done: Sequence[Before], by: Agent, now: datetime) -> int:
    """Give tickets back what a change of many took; what has changed since stays.

    Return how many were changed back.
    """
    undone = 0
    for before in done:
        ticket = Ticket.objects.filter(pk=before.ticket_id).first()
        if ticket is None:
            continue
        values = _values(ticket)
        back = {
            key: value for key, value in before.was.items() if values[key] == before.became[key]
        }
        wish = {key: _row(key, value) for key, value in back.items()}
        try:
            with transaction.atomic():
                change_ticket(ticket=ticket, by=by, now=now, changes=wish)
        except (NotTheirs, WrongValue, TicketNotAuthorised):
            continue
        undone += bool(back)
    return undone


def _values(ticket: Ticket) -> dict[str, Any]:
    return {
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "team": ticket.team_id,
        "assignee": ticket.assignee_id,
    }


def _row(field: str, value: Any) -> Any:
    """Return the row that a key names; of one that is gone, nobody."""
    if field not in ("team", "assignee") or value is None:
        return value
    if field == "team":
        return Team.objects.filter(pk=value).first()
    return Agent.objects.filter(pk=value).first()
