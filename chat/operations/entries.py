"""Writing lines to a timeline: everything that is not the hot path of messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.models import Agent
from chat.events.groups import thread_group, visitor_group
from chat.events.words import EntriesAppended, MessagesPosted
from chat.models import Attachment, Conversation, Entry
from chat.models.kinds import KINDS
from chat.protocol import Audience, entries_content, entry_frame, visible_to_visitor
from config.events import Delivery, publish

PREVIEW_LENGTH = 140


@dataclass(frozen=True, kw_only=True)
class NewLine:
    """One entry to write. An author of kind agent needs `agent`."""

    kind: str
    author_kind: str = Entry.AuthorKind.SYSTEM
    agent: Agent | None = None
    body: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    client_id: str | None = None
    attachments: Sequence[int] = ()


def preview_of(text: str, file_name: str = "") -> str:
    """Return the list row's one line for a message."""
    return " ".join((text or file_name)[: PREVIEW_LENGTH * 2].split())[:PREVIEW_LENGTH]


@transaction.atomic
def append(conversation: Conversation, *lines: NewLine, now: datetime) -> list[Entry]:
    """Number and store `lines`, update the list row, and tell both audiences after the commit.

    The caller holds the row lock of `conversation`; its counters are changed in place, other
    fields are left alone. `attachments` of a line are keys the caller has checked and locked.
    """
    if not lines:
        return []
    is_team = conversation.kind == Conversation.Kind.TEAM
    entries = []
    for line in lines:
        conversation.last_seq += 1
        is_public = not is_team and visible_to_visitor(line.kind, line.data)
        if is_public:
            conversation.last_visitor_seq += 1
        entry = Entry(
            conversation=conversation,
            seq=conversation.last_seq,
            visitor_seq=conversation.last_visitor_seq if is_public else None,
            kind=line.kind,
            author_kind=line.author_kind,
            agent=line.agent,
            body=line.body,
            data=line.data,
            client_id=line.client_id,
            created_at=now,
        )
        entries.append(entry)
        if line.kind in {Entry.Kind.MESSAGE, Entry.Kind.BOT}:
            conversation.preview_author = line.author_kind
            conversation.last_message_at = now
            if line.author_kind == Entry.AuthorKind.VISITOR:
                conversation.unanswered_since = conversation.unanswered_since or now
            elif line.author_kind == Entry.AuthorKind.AGENT:
                conversation.unanswered_since = None
    Entry.objects.bulk_create(entries)
    files: Files = {}
    for entry, line in zip(entries, lines, strict=True):
        if line.attachments:
            Attachment.objects.filter(pk__in=line.attachments, entry=None).update(entry=entry)
            files[entry.seq] = list(entry.attachments.order_by("pk"))
        if line.kind in {Entry.Kind.MESSAGE, Entry.Kind.BOT}:
            named = files.get(entry.seq)
            conversation.preview = preview_of(line.body, named[0].file.name if named else "")
    conversation.save(
        update_fields=[
            "last_seq",
            "last_visitor_seq",
            "preview",
            "preview_author",
            "last_message_at",
            "unanswered_since",
        ]
    )
    heard = _deliveries(conversation, entries, files)
    if said := [entry.pk for entry in entries if KINDS[entry.kind].is_spoken]:
        publish(MessagesPosted(entry_ids=said, prepared=heard))
    else:
        publish(EntriesAppended(conversation_id=conversation.pk, prepared=heard))
    return entries


type Files = dict[int, list[Attachment]]


def _deliveries(
    conversation: Conversation, entries: Sequence[Entry], files: Files
) -> list[Delivery]:
    deliveries = []
    public = [entry for entry in entries if entry.visitor_seq is not None]
    if public and conversation.visitor is not None:
        group = visitor_group(conversation.visitor.secret_hash)
        deliveries.append(Delivery(group, _content("visitor", conversation, public, files)))
    everything = _content("agent", conversation, entries, files)
    deliveries.append(Delivery(thread_group(conversation.pk), everything))
    return deliveries


def _content(
    audience: Audience, conversation: Conversation, entries: Sequence[Entry], files: Files
) -> dict[str, Any]:
    from_visitor = audience == "agent"
    delivered = max(
        (
            entry.visitor_seq or 0
            for entry in entries
            if (entry.author_kind == Entry.AuthorKind.VISITOR) is from_visitor
        ),
        default=0,
    )
    shaped = [
        entry_frame(entry, audience=audience, attachments=files.get(entry.seq, ()))
        for entry in entries
    ]
    return entries_content(conversation.pk, conversation.public_id, shaped, delivered=delivered)
