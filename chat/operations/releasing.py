"""What becomes of held chats: rules have looked, or their time is up."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from chat.events.lifecycle import ConversationLetGo
from chat.locks import lock_conversations
from chat.models import Conversation
from chat.operations.holding import SETTLE, join_line
from chat.operations.parking import wake_parked
from chat.routing import rule_hooks
from config.events import publish
from config.outbox.models import OutboxEntry
from config.outbox.operations import RetryAfter


def settle(payload: dict[str, Any]) -> None:
    """Outbox: run the rules, then let the chat go unless they keep it waiting.

    Rules that fail hold nobody; the outbox tries them again. While somebody else runs the rules of
    this chat it is held on, and let go when its time is up.
    """
    conversation_id, seq = payload["conversation_id"], payload["seq"]
    stays_waiting = False
    try:
        stays_waiting = rule_hooks.settle(conversation_id, payload.get("begin", 1))
    except RetryAfter:
        stays_waiting = True
        raise
    finally:
        if not stays_waiting and not _has_newer_words(conversation_id, seq):
            release_conversation(conversation_id=conversation_id, now=timezone.now(), spoke=True)


def _has_newer_words(conversation_id: int, seq: int) -> bool:
    """Return whether the customer said more for which rules will still run."""
    others = OutboxEntry.objects.filter(kind=SETTLE, key__startswith=f"settle:{conversation_id}:")
    keys = others.live().values_list("key", flat=True)
    return any(int(key.rpartition(":")[2]) > seq for key in keys)


def release(payload: dict[str, Any]) -> None:
    """Outbox: let go of what has been held long enough."""
    release_overdue(now=timezone.now())


def release_overdue(*, now: datetime) -> int:
    """Let every chat go that was held long enough; return how many."""
    late = Conversation.objects.filter(held_until__isnull=False, held_until__lte=now)
    ids = list(late.values_list("pk", flat=True))
    for conversation_id in ids:
        release_conversation(conversation_id=conversation_id, now=now)
    return len(ids)


@transaction.atomic
def release_conversation(*, conversation_id: int, now: datetime, spoke: bool = False) -> None:
    """Let a held chat stand in line, and alert the desk; letting it go again changes nothing.

    One that stood there keeps its place, and nobody is alerted once more. One that a rule lets
    wait is woken; if its customer `spoke` since, also when that rule has let go of it.
    """
    # None when it is gone by now: demo data that was purged.
    chat = next(iter(lock_conversations([conversation_id])), None)
    if chat is None:
        return
    if chat.is_parked and (spoke or chat.held_until is not None):
        wake_parked(chat, now=now)
        return
    if chat.held_until is None:
        return
    is_new = chat.status == Conversation.Status.QUEUED and chat.queued_at is None
    if is_new:
        join_line(chat, now=now)
        return
    chat.held_until = None
    chat.save(update_fields=["held_until"])
    if chat.status == Conversation.Status.QUEUED:
        publish(ConversationLetGo.of(chat))
