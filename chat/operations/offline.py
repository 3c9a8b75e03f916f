"""A message for when somebody is back: a ticket, and a chat in the archive that says so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from agents.models import Brand, Topic
from chat.events.lifecycle import ConversationResolved
from chat.locks import lock_conversation, lock_visitor
from chat.models import Conversation, Entry, Visitor
from chat.operations.changes import name_topic
from chat.operations.conversations import WrongTopic
from chat.operations.entries import NewLine, append
from chat.operations.holding import have_rules_look
from chat.operations.offers import withdraw_offers
from chat.operations.parking import leave_parked, parked_of
from chat.operations.starting import InvalidMessage, remember_fields
from chat.operations.tickets import add_to_ticket, contact_of, give_address, said_in
from chat.protocol import is_sayable
from chat.routing import rule_hooks
from config.events import publish
from tickets.models import Ticket
from tickets.operations.contacts import keep_given
from tickets.operations.tickets import open_ticket, subject_of_words


class Left(NamedTuple):
    """What became of a message: a chat in the archive, and its ticket."""

    conversation: Conversation
    ticket: Ticket


@transaction.atomic
def leave_offline_message(
    *,
    visitor: Visitor,
    brand: Brand,
    channel: str,
    topic: Topic | None,
    fields: Mapping[str, Any],
    text: str,
    client_id: str,
    page: Mapping[str, Any],
    now: datetime,
) -> Left:
    """Turn what a visitor leaves into a ticket; the same `client_id` again is the same ticket.

    A visitor who stood in line takes what was said there along, and leaves the line: their words,
    left once more, stand there once. The ticket that an agent made of that chat meanwhile gets the
    message. Raises `InvalidMessage` or `WrongTopic`.
    """
    visitor = lock_visitor(visitor.pk)
    repeated: Conversation | None = (
        Conversation.objects.filter(
            visitor=visitor, ticket__isnull=False, entries__client_id=client_id
        )
        .select_related("ticket")
        .first()
    )
    if repeated and repeated.ticket:
        return Left(repeated, repeated.ticket)
    if topic and topic.brand_id != brand.pk:
        raise WrongTopic
    if not is_sayable(text):
        raise InvalidMessage
    fields = remember_fields(visitor, fields)
    if parked := parked_of(visitor.pk, brand.pk):
        leave_parked(parked, now=now)
    chat = _waiting_chat(visitor, brand, now) or _new_chat(
        visitor, brand, channel=channel, topic=topic, fields=fields, page=page, now=now
    )
    contact = contact_of(visitor, now)
    email, phone = (str(fields.get(name) or "").strip() for name in ("email", "phone"))
    keep_given(contact=contact, email=email, phone=phone, brand=brand)
    line = NewLine(
        kind=Entry.Kind.MESSAGE,
        author_kind=Entry.AuthorKind.VISITOR,
        body=text,
        client_id=client_id,
    )
    is_said = chat.ticket is None and _is_said(text.strip(), chat)
    if not is_said:
        append(chat, line, now=now)
    if chat.ticket is not None:
        give_address(chat, visitor)
        add_to_ticket(conversation_id=chat.pk, now=now, is_left=True)
        _close(chat, now)
        return Left(chat, chat.ticket)
    chat.ticket = open_ticket(
        brand=brand,
        contact=contact,
        topic=topic or chat.topic,
        email=email,
        subject=subject_of_words(text),
        said=said_in(chat),
        language=visitor.language,
        source=Ticket.Source.OFFLINE,
        data={
            "page": dict(page),
            "device": visitor.device,
            "fields": dict(fields),
            "conversation": chat.public_id,
        },
        origin_key=f"visitor:{visitor.pk}:{client_id}",
        by=None,
        now=now,
    )
    chat.contact = contact
    converted = NewLine(
        kind=Entry.Kind.CONVERTED,
        data={"number": chat.ticket.number},
        client_id=client_id if is_said else None,
    )
    append(chat, converted, now=now)
    _close(chat, now)
    return Left(chat, chat.ticket)


def _is_said(text: str, chat: Conversation) -> bool:
    """Return whether these are the visitor's last words, or all of them, a line each."""
    said = chat.entries.filter(
        kind=Entry.Kind.MESSAGE, author_kind=Entry.AuthorKind.VISITOR
    ).order_by("seq")
    bodies = [body for body in said.values_list("body", flat=True) if body]
    return text in {"\n".join(bodies).strip(), *(body.strip() for body in bodies[-1:])}


def _waiting_chat(visitor: Visitor, brand: Brand, now: datetime) -> Conversation | None:
    found: Conversation | None = Conversation.objects.filter(
        visitor=visitor,
        brand=brand,
        kind=Conversation.Kind.CUSTOMER,
        status=Conversation.Status.QUEUED,
    ).first()
    if found and lock_conversation(found).status == Conversation.Status.QUEUED:
        withdraw_offers(found, now=now)
        return found
    return None


def _new_chat(
    visitor: Visitor,
    brand: Brand,
    *,
    channel: str,
    topic: Topic | None,
    fields: Mapping[str, Any],
    page: Mapping[str, Any],
    now: datetime,
) -> Conversation:
    chat = Conversation.objects.create(
        brand=brand,
        visitor=visitor,
        channel=channel,
        language=visitor.language,
        topic=topic,
        chosen_topic=topic,
        status=Conversation.Status.RESOLVED,
        outcome=Conversation.Outcome.OFFLINE,
        fields=dict(fields),
        page=dict(page),
        created_at=now,
    )
    started = NewLine(
        kind=Entry.Kind.STARTED,
        author_kind=Entry.AuthorKind.VISITOR,
        data=name_topic(chat),
    )
    append(chat, started, now=now)
    return chat


def _close(chat: Conversation, now: datetime) -> None:
    """Put the locked chat in the archive with its ticket."""
    chat.status = Conversation.Status.RESOLVED
    chat.outcome = Conversation.Outcome.OFFLINE
    chat.held_until = None
    chat.ended_at = chat.resolved_at = now
    chat.save(
        update_fields=[
            "status",
            "outcome",
            "held_until",
            "ticket",
            "contact",
            "ended_at",
            "resolved_at",
        ]
    )
    data = {"outcome": str(chat.outcome), "because": "nobody", **name_topic(chat)}
    if chat.form_offered:
        # They stood in line and were sent to the form: why.
        data["form"] = chat.form_offered
    append(chat, NewLine(kind=Entry.Kind.RESOLVED, data=data), now=now)
    if rule_hooks.holds(chat.brand_id, "incoming"):
        have_rules_look(chat)
    publish(ConversationResolved.of(chat, outcome=chat.outcome))
