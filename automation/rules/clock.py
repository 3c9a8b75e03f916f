"""Time rules: a row due to the minute for each chat and rule, which looks and moves itself on."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from automation.models import Rule, Run
from automation.rules import book
from automation.rules.book import Ready
from automation.rules.engine import act_on, decide_among, release_lease, take_lease
from automation.rules.facts import Facts, Happening, seen_chats
from chat.models import Conversation, Entry, Offer
from config.outbox.operations import enqueue

DUE = "automation.due"


def arm(chat: Conversation, *, now: datetime, only_known: bool = False) -> None:
    """Have the time rules that are on look at a chat when it is time.

    `only_known`: not those whose time begins with what has not happened yet.
    """
    for ready in book.current().of(Rule.When.TIME, chat.brand_id):
        if not only_known or _since(ready.rule, chat) is not None:
            _arm(ready, chat, now)


def arm_rule(payload: dict[str, Any]) -> None:
    """Outbox: have a rule that was switched on look at all chats that are open by now."""
    rule = Rule.objects.filter(pk=payload["rule"]).exclude(mode=Rule.Mode.OFF).first()
    if rule is None or rule.when != Rule.When.TIME:
        return
    chats = Conversation.objects.unresolved().filter(kind=Conversation.Kind.CUSTOMER)
    if rule.brand_id:
        chats = chats.filter(brand=rule.brand_id)
    ready = book.compile_rule(rule)
    for chat in chats.iterator(chunk_size=500):
        _arm(ready, chat, timezone.now())


def _arm(ready: Ready, chat: Conversation, now: datetime) -> None:
    minutes = timedelta(minutes=ready.rule.after["minutes"])
    _enqueue(ready, chat.pk, (_since(ready.rule, chat) or now) + minutes)


def _enqueue(ready: Ready, conversation_id: int, at: datetime) -> None:
    enqueue(
        kind=DUE,
        key=f"due:{ready.rule.pk}:{conversation_id}:{int(at.timestamp())}",
        payload={"rule": ready.rule.pk, "conversation": conversation_id},
        available_at=at,
    )


def look_at_clock(payload: dict[str, Any]) -> None:
    """Outbox: ask a time rule about a chat if its time has come, and move on to the next moment."""
    rules = book.current().rules
    ready = next((each for each in rules if each.rule.pk == payload["rule"]), None)
    chat = seen_chats().select_related("assignee").filter(pk=payload["conversation"]).first()
    if ready is None or ready.missing or chat is None:
        return
    if chat.status == Conversation.Status.RESOLVED:
        return
    now = timezone.now()
    minutes = timedelta(minutes=ready.rule.after["minutes"])
    since = _since(ready.rule, chat)
    due = since + minutes if since else None
    if due is None or due > now:
        _enqueue(ready, chat.pk, due or now + minutes)
        return
    _ask(ready, chat, now)
    _enqueue(ready, chat.pk, now + minutes)


def _ask(ready: Ready, chat: Conversation, now: datetime) -> None:
    """Ask and act under the lease that keeps the events of a chat in a row."""
    holder = secrets.token_hex(16)
    taken = take_lease(chat.pk, chat.last_seq, holder, now)
    if taken is None:
        return
    try:
        runs = decide_among([ready], Facts(chat, Happening(when="time"), now))
        with transaction.atomic():
            Run.objects.bulk_create(runs, ignore_conflicts=True)
        act_on(chat.pk, seq=None, keys=[run.key for run in runs])
    finally:
        release_lease(chat.pk, holder, taken[0])


def _since(rule: Rule, chat: Conversation) -> datetime | None:
    """Return from when a rule counts in a chat; None while that has not happened."""
    since = rule.after["since"]
    if since == "created":
        return chat.created_at
    if since == "queued":
        return _in_line_since(chat)
    side = Entry.AuthorKind.VISITOR if since == "customer_word" else Entry.AuthorKind.AGENT
    said = chat.entries.filter(kind=Entry.Kind.MESSAGE, author_kind=side).order_by("-seq")
    return said.values_list("created_at", flat=True).first()


def _in_line_since(chat: Conversation) -> datetime | None:
    """Return since when a chat stands in line and rings nowhere."""
    if chat.status != Conversation.Status.QUEUED or chat.queued_at is None:
        return None
    offers = Offer.objects.filter(conversation=chat, offered_at__gte=chat.queued_at)
    newest = offers.order_by("-offered_at").first()
    if newest is None:
        return chat.queued_at
    return None if newest.result == Offer.Result.OPEN else newest.closed_at
