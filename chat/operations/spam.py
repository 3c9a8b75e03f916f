"""Chats that nobody wanted: no rating is asked of them, and they stand in no figure."""

from datetime import datetime

from django.db import transaction

from agents.models import Agent
from chat.events.lifecycle import ConversationChanged, ConversationResolved
from chat.locks import lock_conversation
from chat.models import Conversation, Entry
from chat.operations.changes import change_outcome
from chat.operations.closing import (
    CLOSED,
    close_chat,
    has_answered,
    outcome_of,
    why_ended,
    write_end,
)
from chat.rights import require_filing
from config.events import publish

Outcome = Conversation.Outcome
SPAM = Outcome.SPAM


@transaction.atomic
def mark_spam(*, conversation: Conversation, by: Agent, now: datetime) -> Conversation:
    """Say that a chat is spam; an unresolved one goes to the archive without a topic.

    Again: changes nothing. Raises `NotAuthorised`.
    """
    chat = lock_conversation(conversation)
    require_filing(by, chat)
    if chat.outcome == SPAM:
        return chat
    change_outcome(chat, SPAM, by=by, now=now)
    if chat.status == Conversation.Status.RESOLVED:
        chat.save(update_fields=["outcome"])
        publish(ConversationChanged.of(chat, outcome=chat.outcome))
        return chat
    because = CLOSED
    if chat.is_open:
        write_end(chat, by=by, because=because, now=now)
    else:
        because = why_ended(chat)
    close_chat(chat, outcome=SPAM, by=by, because=because, now=now)
    publish(ConversationResolved.of(chat, outcome=chat.outcome))
    return chat


@transaction.atomic
def clear_spam(*, conversation: Conversation, by: Agent, now: datetime) -> Conversation:
    """Say that a chat of the archive is no spam: it is again what it was before.

    Again: changes nothing. Raises `NotAuthorised`.
    """
    chat = lock_conversation(conversation)
    require_filing(by, chat)
    if chat.outcome != SPAM:
        return chat
    change_outcome(chat, _outcome_before(chat), by=by, now=now)
    chat.save(update_fields=["outcome"])
    publish(ConversationChanged.of(chat, outcome=chat.outcome))
    return chat


def _outcome_before(chat: Conversation) -> str:
    """Return what became of a chat apart from being spam."""
    marks = chat.entries.filter(kind=Entry.Kind.FIELD, data__marked=str(SPAM)).order_by("-seq")
    before = (marks.values_list("data", flat=True).first() or {}).get("from", "")
    otherwise = Outcome.ANSWERED if has_answered(chat) else Outcome.ABANDONED
    return str(before) or outcome_of(chat, otherwise=otherwise)
