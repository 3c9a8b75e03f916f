"""How a chat begins: the first message, what the form said, and the queue."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from agents.models import Brand, Topic
from chat.events.lifecycle import ConversationQueued
from chat.locks import lock_visitor
from chat.models import Attachment, Conversation, Entry, Visitor
from chat.models.visitor import LENGTHS
from chat.operations.changes import name_topic
from chat.operations.conversations import AlreadyOpen, WrongTopic
from chat.operations.entries import NewLine, append
from chat.operations.holding import held_until, hold
from chat.operations.parking import leave_parked
from chat.operations.visitors import SiteEvent, keep_events
from chat.protocol import ATTACHMENTS_MAX, is_sayable
from chat.routing.availability import State, can_start
from config.events import publish


class NobodyAvailable(Exception):
    """Nobody can take a chat of this topic now; the offline form remains."""


class InvalidMessage(Exception):
    """The first message is empty, too long, or refers to files that aren't the visitor's."""


class Started(NamedTuple):
    """A chat, and whether this request made it."""

    conversation: Conversation
    created: bool


@transaction.atomic
def start_conversation(
    *,
    visitor: Visitor,
    brand: Brand,
    channel: str,
    topic: Topic | None,
    topic_text: str,
    fields: Mapping[str, Any],
    page: Mapping[str, Any],
    text: str,
    client_id: str,
    attachment_ids: Sequence[str],
    events: Sequence[SiteEvent] = (),
    is_rehearsal: bool = False,
    now: datetime,
) -> Started:
    """Put a new chat with its first message in line; the same `client_id` again: same chat.

    Where rules want to see it first it is held for a moment. A rehearsal needs nobody else.

    `events` are what the site told before there was a row to keep it in.
    Raises `AlreadyOpen`, `NobodyAvailable`, `InvalidMessage` or `WrongTopic`.
    """
    # Two tabs at once: the second one waits here and then meets the first one's chat.
    visitor = lock_visitor(visitor.pk)
    own = Conversation.objects.filter(visitor=visitor, brand=brand).select_related("visitor")
    repeated = own.filter(
        entries__author_kind=Entry.AuthorKind.VISITOR, entries__client_id=client_id
    ).first()
    if repeated:
        return Started(repeated, created=False)
    already = own.filter(kind=Conversation.Kind.CUSTOMER, status__in=Conversation.OPEN).first()
    # One that only waits for the visitor to say more ends with that.
    if already and not leave_parked(already, now=now):
        raise AlreadyOpen(already)
    if topic and topic.brand_id != brand.pk:
        raise WrongTopic
    files = own_uploads(visitor, attachment_ids)
    if not is_sayable(text, with_files=bool(files)):
        raise InvalidMessage
    if not is_rehearsal and can_start(brand, topic, channel=channel, now=now) == State.OFFLINE:
        raise NobodyAvailable
    fields = remember_fields(visitor, fields)
    keep_events(visitor, events)
    held = held_until(brand.pk, "incoming", now=now)
    kind = Conversation.Kind.REHEARSAL if is_rehearsal else Conversation.Kind.CUSTOMER
    chat = Conversation.objects.create(
        kind=kind,
        brand=brand,
        visitor=visitor,
        contact=visitor.contact,
        channel=channel,
        language=visitor.language,
        topic=topic,
        chosen_topic=topic,
        topic_text=topic_text[:120],
        fields=fields,
        page=dict(page),
        created_at=now,
        queued_at=None if held else now,
        held_until=held,
    )
    append(
        chat,
        NewLine(
            kind=Entry.Kind.STARTED,
            author_kind=Entry.AuthorKind.VISITOR,
            data=name_topic(chat),
        ),
        NewLine(
            kind=Entry.Kind.MESSAGE,
            author_kind=Entry.AuthorKind.VISITOR,
            body=text,
            client_id=client_id,
            attachments=files,
        ),
        *(() if held else (NewLine(kind=Entry.Kind.QUEUED),)),
        now=now,
    )
    if held:
        hold(chat)
    else:
        publish(ConversationQueued.of(chat))
    return Started(chat, created=True)


def own_uploads(visitor: Visitor, public_ids: Sequence[str]) -> list[int]:
    """Lock the visitor's own unused uploads and return their keys; all must be there."""
    if not public_ids:
        return []
    wanted = set(public_ids)
    if len(wanted) > ATTACHMENTS_MAX:
        raise InvalidMessage
    files = (
        Attachment.objects.select_for_update(no_key=True, of=("self",))
        .filter(file__public_id__in=wanted, visitor=visitor, entry=None)
        .order_by("pk")
    )
    keys = [file.pk for file in files]
    if len(keys) != len(wanted):
        raise InvalidMessage
    return keys


def remember_fields(visitor: Visitor, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the name, e-mail and phone that a locked visitor gave in a form, and return the fields.

    What the brand's server signed stands, whatever the form says.
    """
    for name, limit in LENGTHS.items():
        given = fields.get(name)
        if name not in visitor.verified and isinstance(given, str) and given.strip():
            setattr(visitor, name, given.strip()[:limit])
    visitor.save(update_fields=LENGTHS)
    return dict(fields) | visitor.signed
