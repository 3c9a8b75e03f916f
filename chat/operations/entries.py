"""Writing lines to a timeline: everything that is not the hot path of messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.actors import Rule
from agents.models import Agent
from chat.events.words import EntriesAppended, FactsAppended, MessagesPosted
from chat.models import Attachment, Conversation, Entry
from chat.models.kinds import KINDS
from chat.operations.lines import build_deliveries, number_line
from chat.protocol import entry_frame
from config.events import publish

# What `number_line` changes in a conversation.
_COUNTERS = (
    "last_seq",
    "last_visitor_seq",
    "preview",
    "preview_author",
    "last_message_at",
    "unanswered_since",
)


@dataclass(frozen=True, kw_only=True)
class NewLine:
    """One entry to write. An author of kind agent needs `agent`."""

    kind: str
    author_kind: str = Entry.AuthorKind.SYSTEM
    agent: Agent | None = None
    body: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    client_id: str | None = None
    # What wrote it where no person did: the line tells of it.
    rule: Rule | None = None
    attachments: Sequence[int] = ()


def written_by(by: Agent | Rule | None, *, kind: str, data: dict[str, Any]) -> NewLine:
    """Return a line of an agent, a rule, or the system."""
    if isinstance(by, Rule):
        return NewLine(kind=kind, author_kind=Entry.AuthorKind.BOT, data=data, rule=by)
    author_kind = Entry.AuthorKind.AGENT if by else Entry.AuthorKind.SYSTEM
    return NewLine(kind=kind, author_kind=author_kind, agent=by, data=data)


@transaction.atomic
def append(conversation: Conversation, *lines: NewLine, now: datetime) -> list[Entry]:
    """Number and store `lines`, update the list row, and tell both audiences after the commit.

    The caller holds the row lock of `conversation`; its counters are changed in place, other
    fields are left alone. `attachments` of a line are keys the caller has checked and locked.
    """
    if not lines:
        return []
    lines = tuple(
        replace(line, data={**line.data, **line.rule.data}) if line.rule else line for line in lines
    )
    files = [_files_of(line) for line in lines]
    entries = []
    for line, its in zip(lines, files, strict=True):
        seq, visitor_seq = number_line(
            conversation,
            kind=line.kind,
            author_kind=line.author_kind,
            data=line.data,
            text=line.body,
            file_name=its[0].file.name if its else "",
            now=now,
        )
        entry = Entry(
            conversation=conversation,
            seq=seq,
            visitor_seq=visitor_seq,
            kind=line.kind,
            author_kind=line.author_kind,
            agent=line.agent,
            body=line.body,
            data=line.data,
            client_id=line.client_id,
            created_at=now,
        )
        entries.append(entry)
    Entry.objects.bulk_create(entries)
    for entry, line in zip(entries, lines, strict=True):
        if line.attachments:
            Attachment.objects.filter(pk__in=line.attachments, entry=None).update(entry=entry)
    conversation.save(update_fields=_COUNTERS)
    files_of = {entry.seq: its for entry, its in zip(entries, files, strict=True)}
    visitor = conversation.visitor
    heard = build_deliveries(
        conversation,
        entries,
        lambda entry, audience: entry_frame(
            entry, audience=audience, attachments=files_of[entry.seq]
        ),
        visitor_hash=visitor.secret_hash if visitor else None,
    )
    if said := [entry.pk for entry in entries if KINDS[entry.kind].is_spoken]:
        from_agents = any(entry.author_kind == Entry.AuthorKind.AGENT for entry in entries)
        publish(MessagesPosted(entry_ids=said, from_agents=from_agents, prepared=heard))
    elif told := [entry.pk for entry in entries if KINDS[entry.kind].is_told]:
        publish(FactsAppended(conversation_id=conversation.pk, entry_ids=told, prepared=heard))
    else:
        publish(EntriesAppended(conversation_id=conversation.pk, prepared=heard))
    return entries


def _files_of(line: NewLine) -> list[Attachment]:
    if not line.attachments:
        return []
    return list(Attachment.objects.filter(pk__in=line.attachments).order_by("pk"))
