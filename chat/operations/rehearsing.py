"""A test chat of somebody who administers: on the ways of all chats, and counted nowhere."""

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from agents.credentials.tokens import hash_secret, new_secret
from agents.models import Agent, Brand, Channel, Topic
from chat.locks import lock_agent, lock_conversation
from chat.models import Conversation, Visitor
from chat.operations.assignment import give, require_room
from chat.operations.starting import start_conversation


@transaction.atomic
def start_rehearsal(
    *, brand: Brand, topic: Topic | None, text: str, by: Agent, now: datetime
) -> Conversation:
    """Put a marked chat in line whose customer is called and reached as `by`."""
    visitor = Visitor.objects.create(
        brand=brand,
        secret_hash=hash_secret(new_secret()),
        language=by.language,
        name=by.name,
        email=by.email,
        created_at=now,
        seen_at=now,
    )
    started = start_conversation(
        visitor=visitor,
        brand=brand,
        channel=Channel.WEB,
        topic=topic,
        topic_text="",
        fields={"name": by.name, "email": by.email},
        page={},
        text=text,
        client_id=str(uuid4()),
        attachment_ids=[],
        is_rehearsal=True,
        now=now,
    )
    return started.conversation


@transaction.atomic
def give_rehearsal(*, conversation: Conversation, to: Agent, now: datetime) -> None:
    """Give a rehearsal in line to whoever started it, and to nobody else.

    Raises `NotOnline` or `AtCapacity`.
    """
    person = lock_agent(to.pk)
    chat = lock_conversation(conversation)
    if chat.kind != Conversation.Kind.REHEARSAL or chat.status != Conversation.Status.QUEUED:
        return
    require_room(person, chat)
    give(chat, person, automatic=True, why={}, now=now)
