"""End, resolve, convert and spam from the console: done after a moment in which they can be undone.

Until then nothing has happened: the chat keeps its slot, nobody is told, no line is written. Then
a worker does it, as of the press. What makes it wrong meanwhile cancels it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agents.models import Agent, Topic
from chat.events.lifecycle import ActDue
from chat.models import Conversation, DueAct
from chat.operations.conversations import (
    NotAssigned,
    TopicNeeded,
    WrongTopic,
    end_conversation,
    require_topic,
    resolve_conversation,
)
from chat.operations.spam import mark_spam
from chat.operations.tickets import EmailNeeded, convert_to_ticket
from chat.queries.due import why_dropped
from chat.queries.people import email_of, face_of
from chat.rights import NotAuthorised, require_filing, require_handling
from config.events import publish
from config.outbox.operations import enqueue
from tickets.operations.tickets import reserve_number, type_of

Act = DueAct.Act
# The kind of the outbox.
DUE = "chat.due"


def press_end(*, conversation: Conversation, by: Agent, now: datetime) -> DueAct | None:
    """Have an open chat ended in a moment; None when there is nothing to end.

    Raises `NotAuthorised` or `NotAssigned`.
    """
    chat = _fresh(conversation)
    if not chat.is_open:
        return None
    require_handling(by, chat)
    if chat.assignee_id is None:
        raise NotAssigned
    return _press(chat, Act.END, by=by, now=now)


def press_resolve(
    *, conversation: Conversation, topic: Topic | None, by: Agent, now: datetime
) -> DueAct | None:
    """Have a chat put into the archive in a moment; None when it is there.

    Raises `NotAuthorised`, `WrongTopic`, `TopicNeeded` or `NotAssigned`.
    """
    chat = _fresh(conversation)
    if chat.status == Conversation.Status.RESOLVED:
        return None
    require_handling(by, chat)
    require_topic(chat, topic)
    if chat.assignee_id is None:
        raise NotAssigned
    return _press(chat, Act.RESOLVE, by=by, now=now, topic=topic and topic.pk)


def press_convert(
    *, conversation: Conversation, by: Agent, now: datetime, email: str = ""
) -> DueAct | None:
    """Have a ticket made of a chat in a moment; None when there is one.

    Its number and type are known from now on. Raises `NotAuthorised` or `EmailNeeded`.
    """
    chat = _fresh(conversation)
    require_filing(by, chat)
    if chat.ticket_id is not None:
        return None
    if not (email_of(chat) or email):
        raise EmailNeeded
    pressed = DueAct.objects.filter(conversation=chat, act=Act.CONVERT).first()
    if pressed is not None:
        return pressed
    number, kind = reserve_number(), type_of(chat.topic)
    return _press(chat, Act.CONVERT, by=by, now=now, email=email, number=number, type=kind)


def press_spam(*, conversation: Conversation, by: Agent, now: datetime) -> DueAct | None:
    """Have a chat marked as spam in a moment; None when it is. Raises `NotAuthorised`."""
    chat = _fresh(conversation)
    require_filing(by, chat)
    if chat.outcome == Conversation.Outcome.SPAM:
        return None
    return _press(chat, Act.SPAM, by=by, now=now)


@transaction.atomic
def undo(*, due: DueAct, by: Agent) -> bool:
    """Take back what is due; return whether it was in time. Raises `NotAuthorised`."""
    chat = _fresh(due.conversation)
    require = require_filing if due.act in DueAct.FILING else require_handling
    require(by, chat)
    # Whoever does it holds the row meanwhile.
    deleted, _ = DueAct.objects.filter(pk=due.pk).delete()
    if deleted:
        publish(ActDue.of(chat, agent_id=due.agent_id))
    return bool(deleted)


def do_due(payload: dict[str, Any]) -> None:
    """Outbox: do what was pressed, unless it was undone or has become wrong; then say so."""
    _do(payload["id"], timezone.now())


@transaction.atomic
def _do(pk: int, now: datetime) -> None:
    rows = DueAct.objects.select_for_update(of=("self",))
    due = rows.select_related("conversation", "agent").filter(pk=pk).first()
    if due is None:
        return
    because = why_dropped(due)
    if not because:
        try:
            with transaction.atomic():
                _act(due, now)
        except NotAuthorised:
            because = "rights"
        except (NotAssigned, WrongTopic, TopicNeeded, EmailNeeded, Topic.DoesNotExist):
            because = "moved"
    due.delete()
    chat = _fresh(due.conversation)
    dropped = {"id": pk, "customer": face_of(chat).name, "because": because} if because else None
    publish(ActDue.of(chat, agent_id=due.agent_id, dropped=dropped))


def _act(due: DueAct, now: datetime) -> None:
    chat, by = due.conversation, due.agent
    if due.act == Act.END:
        end_conversation(conversation=chat, by=by, now=due.pressed_at)
    elif due.act == Act.RESOLVE:
        key = due.data["topic"]
        topic = Topic.objects.get(pk=key) if key else None
        resolve_conversation(conversation=chat, topic=topic, by=by, now=due.pressed_at)
    elif due.act == Act.SPAM:
        mark_spam(conversation=chat, by=by, now=due.pressed_at)
    else:
        convert_to_ticket(
            conversation=chat,
            by=by,
            now=now,
            email=due.data["email"],
            kind=due.data["type"],
            number=due.data["number"],
        )


@transaction.atomic
def _press(chat: Conversation, act: Act, *, by: Agent, now: datetime, **data: Any) -> DueAct:
    """Write down what is due; the same act again is the same row."""
    due, is_new = DueAct.objects.get_or_create(
        conversation=chat,
        act=act,
        defaults={
            "agent": by,
            "data": data,
            "seq": chat.last_seq,
            "pressed_at": now,
            "due_at": now + timedelta(seconds=settings.IMECE["UNDO_SECONDS"]),
        },
    )
    if is_new:
        enqueue(kind=DUE, key=f"due:{due.pk}", payload={"id": due.pk}, available_at=due.due_at)
        publish(ActDue.of(chat, agent_id=by.pk))
    return due


def _fresh(conversation: Conversation) -> Conversation:
    """Read a chat without locking it: `_do` locks the due row before the chat, never after."""
    found: Conversation = Conversation.objects.select_related("visitor", "contact", "topic").get(
        pk=conversation.pk
    )
    return found
