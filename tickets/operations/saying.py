"""Public replies and internal notes of agents."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from agents.models import Agent
from config.text import is_blank
from tickets.models import Draft, Entry, Ticket
from tickets.operations.changes import WrongValue, apply_changes
from tickets.operations.lines import append, keep
from tickets.rights import lock_ticket

CC_MAX = 20


class UnsayableText(Exception):
    """Nothing to read, too much of it, or what a database can't hold."""


class SomethingNew(Exception):
    """Somebody else wrote after what the agent has seen."""

    def __init__(self, head: int) -> None:
        super().__init__(head)
        self.head = head


@transaction.atomic
def say(
    *,
    ticket: Ticket,
    by: Agent,
    text: str,
    client_id: str,
    now: datetime,
    is_note: bool = False,
    to: str = "",
    cc: Sequence[str] = (),
    status: str = "",
    seen: int | None = None,
) -> tuple[Entry, bool]:
    """Store a reply or a note, and the status that goes with it; return whether it is new.

    The same `client_id` again is the same line. `seen` is the last line that the agent has seen.
    A reply to a new ticket opens it. Raises `UnsayableText`, `SomethingNew`, `WrongValue` or
    `TicketNotAuthorised`.
    """
    if is_blank(text) or len(text) > settings.IMECE["MESSAGE_MAX_CHARS"] or "\0" in text:
        raise UnsayableText
    locked = lock_ticket(ticket, by=by)
    repeated = Entry.objects.filter(agent=by, client_id=client_id).first()
    if repeated is not None:
        if repeated.ticket_id != locked.pk:
            raise WrongValue
        return repeated, False
    if seen is not None and (newest := _newest_of_others(locked, by)) > seen:
        raise SomethingNew(newest)
    data = {} if is_note else {"to": to or locked.contact.email, "cc": list(cc)[:CC_MAX]}
    entry = append(
        locked,
        kind=Entry.Kind.NOTE if is_note else Entry.Kind.MESSAGE,
        by=by,
        now=now,
        body=text.strip(),
        data=data,
        client_id=client_id,
    )
    fields: list[str] = []
    if not is_note and locked.cc != data["cc"]:
        locked.cc = data["cc"]
        fields.append("cc")
    if not status and not is_note and locked.status == Ticket.Status.NEW:
        status = Ticket.Status.OPEN
    if status:
        fields += apply_changes(locked, by=by, now=now, changes={"status": status})
    Draft.objects.filter(ticket=locked, agent=by).delete()
    keep(locked, what=entry.kind, now=now, fields=fields)
    return entry, True


def _newest_of_others(ticket: Ticket, agent: Agent) -> int:
    """Return the number of the last words that aren't the agent's own."""
    said = ticket.entries.filter(kind__in=(Entry.Kind.MESSAGE, Entry.Kind.NOTE))
    numbers = said.exclude(agent=agent, author_kind=Entry.AuthorKind.AGENT).order_by("-seq")
    return numbers.values_list("seq", flat=True).first() or 0
