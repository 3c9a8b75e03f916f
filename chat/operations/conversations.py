"""The life of a chat: start, end, resolve, reopen, topic."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from agents.models import Agent, Brand, Status, Topic
from chat.lifecycle import (
    ConversationChanged,
    ConversationEnded,
    ConversationHeld,
    ConversationQueued,
    ConversationReopened,
    ConversationResolved,
)
from chat.locks import Moved, lock_agent, lock_conversation, lock_conversations, starting_again
from chat.models import Attachment, Conversation, Entry, Visitor
from chat.operations.assignment import (
    AtCapacity,
    NotOnline,
    put_in_queue,
    require_room,
    withdraw_offers,
)
from chat.operations.entries import Line, append
from chat.protocol import ATTACHMENTS_MAX, is_sayable
from chat.routing.availability import State, can_start
from chat.routing.hooks import HOLD_SECONDS, has_hooks
from config.events import publish

type Actor = Agent | Visitor | None


class AlreadyOpen(Exception):
    """The visitor has an open chat with this brand."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(conversation.public_id)
        self.conversation = conversation


class NobodyAvailable(Exception):
    """Nobody can take a chat of this topic now; the offline form remains."""


class InvalidMessage(Exception):
    """The first message is empty, too long, or refers to files that aren't the visitor's."""


class NotAssigned(Exception):
    """Only a chat that an agent has can be ended or resolved by agents."""


class WrongTopic(Exception):
    """A chat is resolved with a topic of its own brand."""


class NotEnded(Exception):
    """Only an ended chat can be reopened."""


class TooLate(Exception):
    """The reopen window has closed."""


class Started(NamedTuple):
    """A chat, and whether this request made it."""

    conversation: Conversation
    created: bool


@transaction.atomic
def start_conversation(
    *,
    visitor: Visitor,
    brand: Brand,
    topic: Topic | None,
    topic_text: str,
    fields: Mapping[str, Any],
    page: Mapping[str, Any],
    text: str,
    client_id: str,
    attachment_ids: Sequence[str],
    now: datetime,
) -> Started:
    """Put a new chat with its first message in the queue; the same `client_id` again: same chat.

    Raises `AlreadyOpen`, `NobodyAvailable`, `InvalidMessage` or `WrongTopic`.
    """
    # Two tabs at once: the second one waits here and then meets the first one's chat.
    visitor = Visitor.objects.select_for_update(no_key=True, of=("self",)).get(pk=visitor.pk)
    own = Conversation.objects.filter(visitor=visitor, brand=brand).select_related("visitor")
    repeated = own.filter(
        entries__author_kind=Entry.AuthorKind.VISITOR, entries__client_id=client_id
    ).first()
    if repeated:
        return Started(repeated, created=False)
    if already := own.filter(kind=Conversation.Kind.CUSTOMER, status__in=Conversation.OPEN).first():
        raise AlreadyOpen(already)
    if topic and topic.brand_id != brand.pk:
        raise WrongTopic
    files = own_uploads(visitor, attachment_ids)
    if not is_sayable(text) or not (text.strip() or files):
        raise InvalidMessage
    if can_start(brand, topic, now=now) == State.OFFLINE:
        raise NobodyAvailable
    remember(visitor, fields)
    is_held = has_hooks()
    chat = Conversation.objects.create(
        brand=brand,
        visitor=visitor,
        contact=visitor.contact,
        language=visitor.language,
        topic=topic,
        chosen_topic=topic,
        topic_text=topic_text[:120],
        fields=dict(fields),
        page=dict(page),
        created_at=now,
        queued_at=now,
        held_until=now + timedelta(seconds=HOLD_SECONDS) if is_held else None,
    )
    label = topic.label(visitor.language) if topic else chat.topic_text
    append(
        chat,
        Line(
            kind=Entry.Kind.STARTED,
            author_kind=Entry.AuthorKind.VISITOR,
            data={"topic": label} if label else {},
        ),
        Line(
            kind=Entry.Kind.MESSAGE,
            author_kind=Entry.AuthorKind.VISITOR,
            body=text,
            client_id=client_id,
            attachments=files,
        ),
        Line(kind=Entry.Kind.QUEUED),
        now=now,
    )
    publish(ConversationHeld.of(chat) if is_held else ConversationQueued.of(chat))
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
        .filter(public_id__in=wanted, visitor=visitor, entry=None)
        .order_by("pk")
    )
    keys = [file.pk for file in files]
    if len(keys) != len(wanted):
        raise InvalidMessage
    return keys


def remember(visitor: Visitor, fields: Mapping[str, Any]) -> None:
    """Keep the name and e-mail that a locked visitor gave in a form."""
    name, email = fields.get("name"), fields.get("email")
    if isinstance(name, str) and name.strip():
        visitor.name = name.strip()[:120]
    if isinstance(email, str) and email.strip():
        visitor.email = email.strip()[:254]
    visitor.save(update_fields=["name", "email"])


@transaction.atomic
def release_conversation(*, conversation_id: int, now: datetime) -> None:
    """Let a chat that was held for the rules be offered, and alert the desk."""
    [chat] = lock_conversations([conversation_id])
    if chat.held_until is None:
        return
    chat.held_until = None
    chat.save(update_fields=["held_until"])
    if chat.status == Conversation.Status.QUEUED:
        publish(ConversationQueued.of(chat))


@transaction.atomic
def end_conversation(
    *, conversation: Conversation, by: Actor, now: datetime, outcome: str = ""
) -> Conversation:
    """End an open chat; ending it again changes nothing.

    With an agent it goes to wrap-up and keeps its slot. A visitor who leaves the queue abandons
    the chat. The system (`by` None) names the `outcome` and closes the chat for good.
    """
    chat = lock_conversation(conversation)
    if not chat.is_open:
        return chat
    if isinstance(by, Agent) and chat.assignee_id is None:
        raise NotAssigned
    _end(chat, by=by, now=now)
    if by is None or chat.assignee_id is None:
        _close(chat, outcome=outcome or Conversation.Outcome.ABANDONED, by=None, now=now)
        publish(ConversationResolved.of(chat, outcome=chat.outcome))
    else:
        chat.save(update_fields=["status", "held_until", "ended_at"])
        publish(ConversationEnded.of(chat))
    return chat


def _end(chat: Conversation, *, by: Actor, now: datetime) -> None:
    """Write the end of a locked open chat; the caller saves it."""
    withdraw_offers(chat, now=now)
    chat.status = Conversation.Status.WRAP_UP
    chat.held_until = None
    chat.ended_at = now
    append(chat, _line(Entry.Kind.ENDED, by, data={"by": _side(by)}), now=now)


def _close(chat: Conversation, *, outcome: str, by: Agent | None, now: datetime) -> None:
    """Move a locked ended chat to the archive and free its slot."""
    chat.status = Conversation.Status.RESOLVED
    chat.outcome = outcome
    chat.holds_slot = False
    chat.resolved_at = now
    chat.resolved_by = by
    chat.save(
        update_fields=[
            "status",
            "outcome",
            "holds_slot",
            "held_until",
            "ended_at",
            "resolved_at",
            "resolved_by",
            "topic",
        ]
    )
    label = chat.topic.label(chat.language) if chat.topic else ""
    data = {"outcome": outcome, **({"topic": label} if label else {})}
    append(chat, _line(Entry.Kind.RESOLVED, by, data=data), now=now)


@transaction.atomic
def resolve_conversation(
    *, conversation: Conversation, topic: Topic, by: Agent, now: datetime
) -> Conversation:
    """Put a chat that an agent has, or had, in the archive under `topic`; frees its slot.

    Raises `WrongTopic`, or `NotAssigned` for a chat in the queue. Again: changes nothing.
    """
    chat = lock_conversation(conversation)
    if chat.status == Conversation.Status.RESOLVED:
        return chat
    if topic.brand_id != chat.brand_id:
        raise WrongTopic
    if chat.assignee_id is None:
        raise NotAssigned
    if chat.is_open:
        _end(chat, by=by, now=now)
    chat.topic = topic
    _close(chat, outcome=Conversation.Outcome.ANSWERED, by=by, now=now)
    publish(ConversationResolved.of(chat, outcome=chat.outcome))
    return chat


@transaction.atomic
def set_topic(
    *, conversation: Conversation, topic: Topic, by: Agent | None, now: datetime
) -> Conversation:
    """Say what a chat is about; one that waits then stands in the queue of the topic's teams."""
    chat = lock_conversation(conversation)
    if topic.brand_id != chat.brand_id:
        raise WrongTopic
    if chat.topic_id == topic.pk:
        return chat
    chat.topic = topic
    chat.save(update_fields=["topic"])
    data = {"name": "topic", "value": str(topic.pk), "label": topic.label(chat.language)}
    append(chat, _line(Entry.Kind.FIELD, by, data=data), now=now)
    if chat.status == Conversation.Status.QUEUED and chat.held_until is None:
        publish(ConversationQueued.of(chat))
    else:
        publish(ConversationChanged.of(chat))
    return chat


@starting_again
def reopen_conversation(*, conversation: Conversation, by: Actor, now: datetime) -> Conversation:
    """Let an ended chat go on: with its agent if there is room, else in the queue.

    An agent who reopens gets the chat. Raises `NotEnded`, `AlreadyOpen`, `TooLate` (visitors only,
    after the reopen window), and for an agent `NotOnline` or `AtCapacity`.
    """
    peek = Conversation.objects.get(pk=conversation.pk)
    person_id = by.pk if isinstance(by, Agent) else peek.assignee_id
    person = lock_agent(person_id) if person_id else None
    chat = lock_conversation(conversation)
    if chat.is_open:
        raise NotEnded
    if not isinstance(by, Agent) and chat.assignee_id != person_id:
        raise Moved
    _require_reopenable(chat, by, now)
    previous = chat.assignee
    goes_on = person is not None and _can_go_on(person, chat, by)
    chat.outcome = ""
    chat.ended_at = chat.resolved_at = chat.resolved_by = None
    chat.status = Conversation.Status.ACTIVE if goes_on else Conversation.Status.WAITING
    chat.assignee = person if goes_on else chat.assignee
    chat.holds_slot = goes_on
    chat.accepted_at = (chat.accepted_at or now) if goes_on else None
    if not goes_on:
        chat.queued_at = now
    chat.save(
        update_fields=[
            "outcome",
            "ended_at",
            "resolved_at",
            "resolved_by",
            "status",
            "assignee",
            "holds_slot",
            "accepted_at",
            "queued_at",
        ]
    )
    lines = [_line(Entry.Kind.REOPENED, by)]
    if goes_on and person != previous:
        lines.append(_line(Entry.Kind.ACCEPTED, person))
    append(chat, *lines, now=now)
    publish(ConversationReopened.of(chat, previous_id=previous.pk if previous else None))
    if not goes_on:
        put_in_queue(chat, by=None, now=now, at_head=True, reason="woke")
    return chat


def _require_reopenable(chat: Conversation, by: Actor, now: datetime) -> None:
    window = timedelta(hours=settings.IMECE["REOPEN_HOURS"])
    if not isinstance(by, Agent) and chat.ended_at and now - chat.ended_at > window:
        raise TooLate
    others = Conversation.objects.filter(
        kind=Conversation.Kind.CUSTOMER,
        visitor=chat.visitor,
        brand=chat.brand,
        status__in=Conversation.OPEN,
    )
    if chat.visitor and (open_one := others.first()):
        raise AlreadyOpen(open_one)


def _can_go_on(person: Agent, chat: Conversation, by: Actor) -> bool:
    """Return whether the locked `person` takes the chat now; an agent who asks must be able to."""
    if chat.holds_slot and chat.assignee_id == person.pk and person.status != Status.OFFLINE:
        return True
    try:
        require_room(person, chat)
    except (NotOnline, AtCapacity):
        if isinstance(by, Agent):
            raise
        return False
    return True


def _side(by: Actor) -> str:
    if isinstance(by, Visitor):
        return Entry.AuthorKind.VISITOR
    return Entry.AuthorKind.AGENT if isinstance(by, Agent) else Entry.AuthorKind.SYSTEM


def _line(kind: str, by: Actor, *, data: dict[str, Any] | None = None) -> Line:
    return Line(
        kind=kind,
        author_kind=_side(by),
        agent=by if isinstance(by, Agent) else None,
        data=data or {},
    )
