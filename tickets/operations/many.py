"""One change to many tickets, and back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.access import access_of
from agents.models import Agent, Team
from tickets.models import Ticket
from tickets.operations.changes import NotTheirs, WrongValue, change_locked
from tickets.operations.editing import edit_ticket
from tickets.operations.tags import TooManyTicketTags, change_ticket_tags
from tickets.rights import TicketNotAuthorised, lock_ticket, sees

MANY_MAX = 200
_REFUSED = (NotTheirs, WrongValue, TicketNotAuthorised, TooManyTicketTags, Ticket.DoesNotExist)


@dataclass(frozen=True, kw_only=True)
class Before:
    """What a ticket was like before a change of many, and after it."""

    ticket_id: int
    was: Mapping[str, Any] = field(default_factory=dict)
    became: Mapping[str, Any] = field(default_factory=dict)
    # The word that it got and did not have.
    tag: str = ""
    # Its newest line since.
    head: int = 0


def change_many(
    *,
    tickets: Iterable[Ticket],
    by: Agent,
    now: datetime,
    changes: Mapping[str, Any],
    tag: str = "",
    is_spam: bool | None = None,
) -> list[Before]:
    """Change each ticket in a transaction of its own; what one of them refuses stops no other.

    Return what those that changed were like before, for `undo_many`. Raises `InvalidTag` for a word
    that is no tag.
    """
    done = []
    for ticket in sorted(tickets, key=lambda each: each.pk):
        try:
            before = _change(ticket, by, now, changes, tag, is_spam)
        except _REFUSED:
            continue
        if before.was or before.tag:
            done.append(before)
    return done


@transaction.atomic
def _change(
    ticket: Ticket,
    by: Agent,
    now: datetime,
    changes: Mapping[str, Any],
    tag: str,
    is_spam: bool | None,
) -> Before:
    was, lines = _values(ticket), 0
    if tag:
        tagged = change_ticket_tags(ticket=ticket, add=[tag], by=by, now=now)
        lines = tagged.last_seq - ticket.last_seq
    after = edit_ticket(ticket=ticket, by=by, now=now, changes=changes, is_spam=is_spam)
    became = _values(after)
    different = {key for key in was if was[key] != became[key]}
    return Before(
        ticket_id=ticket.pk,
        was={key: was[key] for key in different},
        became={key: became[key] for key in different},
        tag=tag if lines else "",
        head=after.last_seq,
    )


def undo_many(*, done: Sequence[Before], by: Agent, now: datetime) -> int:
    """Give tickets back what a change of many took; what has changed since stays.

    Also tickets that the agent lost sight of by it, while nothing at all has happened in them.
    Return how many were changed back.
    """
    undone = 0
    for before in done:
        try:
            undone += _undo(before, by, now)
        except _REFUSED:
            continue
    return undone


@transaction.atomic
def _undo(before: Before, by: Agent, now: datetime) -> bool:
    ticket = lock_ticket(Ticket(pk=before.ticket_id), by=None)
    values = _values(ticket)
    back = {key: value for key, value in before.was.items() if values[key] == before.became[key]}
    wish = {key: _row(key, value) for key, value in back.items() if key != "is_spam"}
    if ticket.last_seq == before.head and not sees(access_of(by), ticket):
        # Below it is asked whether they see it now, as they did a moment ago.
        change_locked(ticket, by=by, now=now, changes=wish)
    if before.tag:
        change_ticket_tags(ticket=ticket, remove=[before.tag], by=by, now=now)
    edit_ticket(ticket=ticket, by=by, now=now, changes=wish, is_spam=back.get("is_spam"))
    return bool(back or before.tag)


def _values(ticket: Ticket) -> dict[str, Any]:
    return {
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "team": ticket.team_id,
        "assignee": ticket.assignee_id,
        "is_spam": ticket.is_spam,
    }


def _row(name: str, value: Any) -> Any:
    """Return the row that a key names; of one that is gone, nobody."""
    if name not in ("team", "assignee") or value is None:
        return value
    rows: Any = Agent.objects if name == "assignee" else Team.objects
    return rows.filter(pk=value).first()
