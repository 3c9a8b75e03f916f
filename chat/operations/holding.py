"""Chats that wait a moment for the rules before they stand in line and anybody hears of them."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from chat.events.lifecycle import ConversationQueued
from chat.locks import lock_conversations
from chat.models import Conversation, Entry
from chat.operations.entries import NewLine, append
from chat.routing import hooks
from config.events import publish
from config.outbox.models import OutboxEntry
from config.outbox.operations import do_now, enqueue

# The kinds of the outbox: have the rules look, and let go of what is still held.
SETTLE = "chat.settle"
RELEASE = "chat.release"


def held_until(brand_id: int, *, now: datetime) -> datetime | None:
    """Return until when a new chat is held; None where no rule wants to see it first."""
    is_held = hooks.holds(brand_id, "incoming")
    return now + timedelta(seconds=hooks.HOLD_SECONDS) if is_held else None


def hold(chat: Conversation) -> None:
    """Have workers run the rules on a locked chat that is held, and let it go when its time is up.

    The keys name the newest line: a chat may be held again later.
    """
    about = have_rules_look(chat)
    enqueue(
        kind=RELEASE,
        key=f"held:{chat.pk}:{chat.last_seq}",
        payload=about,
        available_at=chat.held_until,
    )


def have_rules_look(chat: Conversation) -> dict[str, Any]:
    """Have workers run the rules on a locked chat; return what they are told of it."""
    about = {"conversation_id": chat.pk, "seq": chat.last_seq}
    enqueue(kind=SETTLE, key=f"settle:{chat.pk}:{chat.last_seq}", payload=about)
    return about


def answer_at_once(chat: Conversation) -> str:
    """Return what the rules say to a customer who waits for the answer; "" when they say nothing.

    After the commit: what workers were asked to do is done here, and not done again. Should it
    fail here they try it once more, and the customer is told what is always said.
    """
    if not hooks.holds(chat.brand_id, "incoming"):
        return ""
    keys = OutboxEntry.objects.filter(kind=SETTLE, key__startswith=f"settle:{chat.pk}:")
    for key in keys.live().values_list("key", flat=True):
        do_now(key)
    return hooks.answer(chat.pk)


def settle(payload: dict[str, Any]) -> None:
    """Outbox: run the rules, then let the chat go unless they keep it waiting.

    Rules that fail hold nobody; the outbox tries them again.
    """
    stays_waiting = False
    try:
        stays_waiting = hooks.settle(payload["conversation_id"], payload["seq"])
    finally:
        if not stays_waiting:
            release_conversation(conversation_id=payload["conversation_id"], now=timezone.now())


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
def release_conversation(*, conversation_id: int, now: datetime) -> None:
    """Let a held chat stand in line, and alert the desk; letting it go again changes nothing."""
    # None when it is gone by now: demo data that was purged.
    chat = next(iter(lock_conversations([conversation_id])), None)
    if chat is None or chat.held_until is None:
        return
    if chat.status == Conversation.Status.QUEUED:
        join_line(chat, now=now)
        publish(ConversationQueued.of(chat))
    else:
        chat.held_until = None
        chat.save(update_fields=["held_until"])


def join_line(chat: Conversation, *, now: datetime) -> None:
    """Let a locked chat that is held, if it is, stand in line from now on."""
    if chat.held_until is None:
        return
    chat.held_until = None
    is_new = chat.queued_at is None
    chat.queued_at = chat.queued_at or now
    chat.save(update_fields=["held_until", "queued_at"])
    if is_new:
        append(chat, NewLine(kind=Entry.Kind.QUEUED), now=now)
