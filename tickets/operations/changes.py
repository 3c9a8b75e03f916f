"""What a ticket is, whose it is and how far: every change with a line that names both sides."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.access import access_of
from agents.actors import Actor, person
from agents.models import Agent, Team, Topic
from config.events import publish
from config.text.folding import fold
from tickets.events import TicketAssigned, TicketChanged, TicketTeamed
from tickets.models import Entry, Ticket
from tickets.operations.lines import append, keep
from tickets.operations.tickets import subject_of
from tickets.places import place_of
from tickets.rights import lock_ticket, sees

# What can be changed. Of team and assignee None takes it away.
FIELDS = ("subject", "status", "priority", "type", "topic", "team", "assignee")
# Of these depends who sees it.
_PLACE = {"topic", "team", "assignee"}


class WrongValue(Exception):
    """No such status, or a topic of another brand."""


class NotTheirs(Exception):
    """The agent could not see the ticket that they would get."""


@transaction.atomic
def change_ticket(
    *, ticket: Ticket, by: Actor, now: datetime, changes: Mapping[str, Any]
) -> Ticket:
    """Give a ticket other properties, all or nothing; what it has already changes nothing.

    Raises `WrongValue`, `NotTheirs` or `TicketNotAuthorised`.
    """
    locked = lock_ticket(ticket, by=by)
    change_locked(locked, by=by, now=now, changes=changes)
    return locked


def change_locked(locked: Ticket, *, by: Actor, now: datetime, changes: Mapping[str, Any]) -> None:
    """Change and save a ticket that the caller has locked, whatever `by` may see."""
    changed = apply_changes(locked, by=by, now=now, changes=changes)
    if changed:
        keep(locked, what=changed[0], now=now, fields=changed)
        # Read after the change: whose teams they are is the database's to say.
        assignee = locked.assignee
        if "assignee" in changed and assignee and not sees(access_of(assignee), locked):
            raise NotTheirs


@transaction.atomic
def mark_spam(*, ticket: Ticket, is_spam: bool, by: Agent, now: datetime) -> Ticket:
    """Put a ticket out of everybody's way, or bring it back. Raises `TicketNotAuthorised`."""
    locked = lock_ticket(ticket, by=by)
    if locked.is_spam is not is_spam:
        locked.is_spam = is_spam
        data = {"field": "spam", "from": str(not is_spam), "to": str(is_spam)}
        append(locked, kind=Entry.Kind.CHANGED, by=by, now=now, data=data)
        keep(locked, what="spam", now=now, fields=["is_spam"])
    return locked


def apply_changes(
    locked: Ticket, *, by: Actor, now: datetime, changes: Mapping[str, Any]
) -> list[str]:
    """Change a locked ticket that the caller saves; return the fields that are different now."""
    wish = dict(changes)
    if wish.get("assignee") and locked.status == Ticket.Status.NEW:
        # Somebody has it: it isn't new any more.
        wish.setdefault("status", Ticket.Status.OPEN)
    changed: list[str] = []
    stood = place_of(locked) if _PLACE.intersection(wish) else None
    for field in FIELDS:
        if field not in wish:
            continue
        value = _checked(locked, field, wish[field])
        old = getattr(locked, field)
        if value == old:
            continue
        setattr(locked, field, value)
        if field == "subject":
            locked.search = f"{fold(value)}\n{locked.search}"
        kind = {"status": Entry.Kind.STATUS, "assignee": Entry.Kind.ASSIGNED}.get(
            field, Entry.Kind.CHANGED
        )
        append(locked, kind=kind, by=by, now=now, data={"field": field} | _sides(old, value))
        changed.append(field)
        _tell_whose(locked, field, by)
    if stood is not None and stood != place_of(locked):
        # Who sees it no longer hears it once more.
        publish(TicketChanged.of(locked, "moved", place=stood))
    return changed


def copy_to(ticket: Ticket, cc: list[str], *, by: Agent | None, now: datetime) -> None:
    """Send copies of a locked ticket to others from now on, with a line that says so."""
    data = {"field": "cc", "from": ", ".join(ticket.cc), "to": ", ".join(cc)}
    append(ticket, kind=Entry.Kind.CHANGED, by=by, now=now, data=data, is_customers=by is None)
    ticket.cc = cc


def _tell_whose(ticket: Ticket, field: str, by: Actor) -> None:
    agent, seq = person(by), ticket.last_seq
    doer = agent.pk if agent else None
    if field == "assignee" and (to := ticket.assignee_id):
        publish(TicketAssigned(ticket_id=ticket.pk, by=doer, assignee_id=to, seq=seq))
    if field == "team" and (to := ticket.team_id):
        publish(TicketTeamed(ticket_id=ticket.pk, by=doer, team_id=to, seq=seq))


def _checked(ticket: Ticket, field: str, value: Any) -> Any:
    """Return the value as the row holds it. Raises `WrongValue`."""
    match field:
        case "subject":
            value = subject_of(str(value))
            if not value:
                raise WrongValue
        case "status" if value not in Ticket.Status.values:
            raise WrongValue
        case "priority" if value not in Ticket.Priority.values:
            raise WrongValue
        case "type" if value not in Ticket.Type.values:
            raise WrongValue
        case "topic" if value is not None and value.brand_id != ticket.brand_id:
            raise WrongValue
        case "assignee" if value is not None and not value.is_active:
            raise WrongValue
    return value


def _sides(old: Any, new: Any) -> dict[str, str]:
    """Return both sides as they were called then, and their ids, which stay."""
    return {
        "from": _called(old),
        "from_id": _id_of(old),
        "to": _called(new),
        "to_id": _id_of(new),
    }


def _called(value: Any) -> str:
    match value:
        case None:
            return ""
        case Agent() | Team():
            return value.name
        case Topic():
            return value.label("tr")
    return str(value)


def _id_of(value: Any) -> str:
    match value:
        case Agent():
            return value.public_id
        case Team() | Topic():
            return str(value.pk)
    return ""
