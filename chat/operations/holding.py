"""Chats that wait a moment for the rules before they stand in line and anybody hears of them."""

from datetime import datetime, timedelta
from typing import Any, Protocol

from chat.events.lifecycle import ConversationQueued
from chat.models import Conversation, Entry
from chat.operations.entries import NewLine, append
from chat.routing import rule_hooks
from config.events import publish
from config.outbox.models import OutboxEntry
from config.outbox.operations import do_now, enqueue

# The kinds of the outbox: have the rules look, and let go of what is still held.
SETTLE = "chat.settle"
RELEASE = "chat.release"


def held_until(brand_id: int, when: rule_hooks.When, *, now: datetime) -> datetime | None:
    """Return until when a chat is held; None where no rule wants to see it first."""
    is_held = rule_hooks.holds(brand_id, when)
    return now + timedelta(seconds=rule_hooks.HOLD_SECONDS) if is_held else None


class LockedChat(Protocol):
    """A chat whose row this transaction has locked: the model, or a row of the hot path."""

    pk: int
    last_seq: int
    held_until: Any


def hold(chat: LockedChat, *, begin: int = 1) -> None:
    """Have workers run the rules on a locked chat that is held, and let it go when its time is up.

    The keys name the newest line: a chat may be held again later. `begin`: where rules begin that
    have never seen the chat.
    """
    about = have_rules_look(chat, begin=begin)
    enqueue(
        kind=RELEASE,
        key=f"held:{chat.pk}:{chat.last_seq}",
        payload=about,
        available_at=chat.held_until,
    )


def have_rules_look(chat: LockedChat, *, begin: int = 1) -> dict[str, Any]:
    """Have workers run the rules on a locked chat; return what they are told of it."""
    about = {"conversation_id": chat.pk, "seq": chat.last_seq, "begin": begin}
    enqueue(kind=SETTLE, key=f"settle:{chat.pk}:{chat.last_seq}", payload=about)
    return about


def last_word(chat: Conversation) -> int:
    """Return the number of the customer's newest words, 0 for none."""
    said = chat.entries.filter(kind=Entry.Kind.MESSAGE, author_kind=Entry.AuthorKind.VISITOR)
    return said.order_by("-seq").values_list("seq", flat=True).first() or 0


def answer_at_once(chat: Conversation) -> str:
    """Return what the rules say to a customer who waits for the answer; "" when they say nothing.

    After the commit: what workers were asked to do is done here, and not done again. Should it
    fail here they try it once more, and the customer is told what is always said.
    """
    if not rule_hooks.holds(chat.brand_id, "incoming"):
        return ""
    keys = OutboxEntry.objects.filter(kind=SETTLE, key__startswith=f"settle:{chat.pk}:")
    for key in keys.live().values_list("key", flat=True):
        do_now(key)
    return rule_hooks.answer(chat.pk)


def join_line(chat: Conversation, *, now: datetime) -> None:
    """Let a locked chat that is held, if it is, stand in line from now on.

    Whom nobody has let go in time, because no worker came by, has stood there since: that is when
    the place, the wait and the rules that count from it begin, and what the line is dated. All is
    told of it as of any chat that queues, also where somebody takes it in the same moment.
    """
    if chat.held_until is None:
        return
    is_new = chat.queued_at is None
    since = chat.queued_at or min(now, chat.held_until)
    chat.held_until, chat.queued_at = None, since
    chat.save(update_fields=["held_until", "queued_at"])
    if is_new:
        back = {"reason": "woke", "at_head": True} if chat.is_at_head else {}
        append(chat, NewLine(kind=Entry.Kind.QUEUED, data=back), now=since)
        publish(ConversationQueued.of(chat, previous_id=chat.returning_to_id))
