"""Lines of tickets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.models import Agent
from tickets.models import Entry, File, Ticket
from tickets.operations.lines import keep, note_words


@dataclass(frozen=True, kw_only=True)
class Said:
    """Something the customer or an agent wrote before the ticket was opened."""

    body: str
    at: datetime
    agent: Agent | None = None
    # Nobody wrote it.
    is_automatic: bool = False
    # The chat where it was said, and its number there.
    chat_id: int | None = None
    chat_seq: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    files: Sequence[File] = ()

    @property
    def author_kind(self) -> str:
        """Return whose words they are."""
        if self.is_automatic:
            return Entry.AuthorKind.BOT
        return Entry.AuthorKind.AGENT if self.agent else Entry.AuthorKind.CUSTOMER


@transaction.atomic
def add_said(*, ticket: Ticket, chat_id: int, said: Sequence[Said], now: datetime) -> int:
    """Append what was said in a chat after its ticket was opened; return how many lines were new.

    `said` carries the chat's numbers, so that the same words again add nothing.
    """
    locked = Ticket.objects.select_for_update(no_key=True, of=("self",)).get(pk=ticket.pk)
    known = set(locked.entries.filter(chat_id=chat_id).values_list("chat_seq", flat=True))
    new = [each for each in said if each.chat_seq not in known]
    first = locked.last_seq + 1
    lines = said_lines(locked, new, first=first)
    store_lines(lines, new)
    if new:
        locked.last_seq += len(new)
        note_words(locked, lines)
        keep(locked, what="message", now=now)
    return len(new)


def store_lines(
    lines: Sequence[Entry], said: Sequence[Said], *, opening: Entry | None = None
) -> None:
    """Store what was said as lines of a stored ticket, with the files of each.

    `opening` is the line with which a ticket begins, stored with them.
    """
    Entry.objects.bulk_create([opening, *lines] if opening else lines)
    through = Entry.files.through
    through.objects.bulk_create(
        through(entry_id=line.pk, file_id=file.pk)
        for line, each in zip(lines, said, strict=True)
        for file in each.files
    )


def last_said(*, ticket: Ticket, chat_id: int) -> int:
    """Return the number, in the chat, of the newest line that the ticket has from there."""
    lines = ticket.entries.filter(chat_id=chat_id).order_by("-chat_seq")
    return lines.values_list("chat_seq", flat=True).first() or 0


def said_lines(ticket: Ticket, said: Sequence[Said], *, first: int) -> list[Entry]:
    """Return what was said as unsaved lines of a ticket, numbered from `first`."""
    return [
        Entry(
            ticket=ticket,
            seq=seq,
            kind=Entry.Kind.MESSAGE,
            author_kind=each.author_kind,
            agent=each.agent,
            body=each.body,
            data=each.data,
            chat_id=each.chat_id,
            chat_seq=each.chat_seq,
            created_at=each.at,
        )
        for seq, each in enumerate(said, start=first)
    ]
