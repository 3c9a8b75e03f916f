"""Time rules: rows due to the minute, which look and move themselves on.

There is one for each chat and rule. A rule that looks when the desk opens or closes has one for
each brand instead; a chat's own desk, its teams', decides whether the edge was its own.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents.hours.book import book_of
from agents.models import Brand
from automation.models import Rule, Run
from automation.rules import book
from automation.rules.book import Ready
from automation.rules.checking import EDGES
from automation.rules.engine import act_on, decide_among, release_lease, run_key, take_lease
from automation.rules.facts import Facts, seen_chats
from automation.rules.sight import Happening
from chat.models import Conversation, Entry, Offer
from chat.routing.availability import read_topics
from config.outbox.operations import enqueue

DUE = "automation.due"
EDGE = "automation.edge"


def arm(chat: Conversation, *, now: datetime, only_known: bool = False) -> None:
    """Have the time rules that are on look at a chat when it is time.

    `only_known`: not those whose time begins with what has not happened yet.
    """
    for ready in book.current().of(Rule.When.TIME, chat.brand_id):
        if ready.rule.after["since"] in EDGES:
            continue
        if not only_known or _since(ready.rule, chat) is not None:
            _arm(ready, chat, now)


def arm_rule(payload: dict[str, Any]) -> None:
    """Outbox: have a rule that was switched on look at all chats that are open by now."""
    rule = Rule.objects.filter(pk=payload["rule"]).exclude(mode=Rule.Mode.OFF).first()
    if rule is None or rule.when != Rule.When.TIME:
        return
    if rule.after["since"] in EDGES:
        now = timezone.now()
        since = rule.changed_at - timedelta(minutes=rule.after["minutes"])
        arm_edges(rule, after=since, now=now)
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


def _enqueue(ready: Ready, conversation_id: int, at: datetime, *, is_edge: bool = False) -> None:
    due = {"rule": ready.rule.pk, "conversation": conversation_id, "due": _seconds(at)}
    enqueue(
        kind=DUE,
        key=f"due:{ready.rule.pk}:{conversation_id}:{_seconds(at)}",
        payload=due | {"is_edge": True} if is_edge else due,
        # After an edge its own delay has passed by now.
        available_at=None if is_edge else at,
    )


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def look_at_clock(payload: dict[str, Any]) -> None:
    """Outbox: ask a time rule about a chat if its time has come, and move on to the next moment.

    After an edge of the desk's hours it is asked once; the edge itself moves on.
    """
    chat = seen_chats().select_related("assignee").filter(pk=payload["conversation"]).first()
    if chat is None:
        return
    rules = book.current().of(Rule.When.TIME, chat.brand_id)
    ready = next((each for each in rules if each.rule.pk == payload["rule"]), None)
    if ready is None or ready.missing:
        return
    if chat.status == Conversation.Status.RESOLVED:
        return
    now = timezone.now()
    if ready.rule.after["since"] in EDGES:
        if payload.get("is_edge"):
            _ask(ready, chat, now, due=payload["due"])
        return
    minutes = timedelta(minutes=ready.rule.after["minutes"])
    since = _since(ready.rule, chat)
    due = since + minutes if since else None
    if due is None or due > now:
        _enqueue(ready, chat.pk, due or now + minutes)
        return
    _ask(ready, chat, now, due=payload["due"])
    _enqueue(ready, chat.pk, now + minutes)


def _ask(ready: Ready, chat: Conversation, now: datetime, *, due: int) -> None:
    """Ask and act under the lease that keeps the events of a chat in a row.

    What was decided for this moment before a worker died is not asked again.
    """
    holder = secrets.token_hex(16)
    taken = take_lease(chat.pk, chat.last_seq, holder, now)
    if taken is None:
        return
    try:
        facts = Facts(chat, Happening(when="time", due=due), now)
        key = run_key(ready.rule, facts)
        if not Run.objects.filter(key=key).exists():
            runs = decide_among([ready], facts)
            Run.objects.bulk_create(runs, ignore_conflicts=True)
        act_on(chat.pk, seq=None, keys=[key])
    finally:
        release_lease(chat.pk, holder, taken[0])


def arm_edges(rule: Rule, *, after: datetime, now: datetime) -> None:
    """Have a rule look when the desks of its brands open or close next."""
    brands = Brand.objects.filter(is_active=True)
    for brand in brands.filter(pk=rule.brand_id) if rule.brand_id else brands:
        _arm_edge(rule, brand, after=after, now=now)


def arm_all_edges(*, now: datetime) -> None:
    """Have all rules look at the hours as they are now."""
    for ready in book.current().rules:
        if ready.rule.when == Rule.When.TIME and ready.rule.after.get("since") in EDGES:
            arm_edges(ready.rule, after=now, now=now)


def _arm_edge(rule: Rule, brand: Brand, *, after: datetime, now: datetime) -> None:
    edge = book_of(now).edge_after([brand], at=after)
    if edge is None:
        return
    minutes = rule.after["minutes"]
    with transaction.atomic():
        enqueue(
            kind=EDGE,
            key=f"edge:{rule.pk}:{brand.pk}:{_seconds(edge)}:{minutes}",
            payload={
                "rule": rule.pk,
                "brand": brand.pk,
                "edge": edge.isoformat(),
                "minutes": minutes,
            },
            available_at=edge + timedelta(minutes=minutes),
        )


@transaction.atomic
def look_at_edge(payload: dict[str, Any]) -> None:
    """Outbox: have a rule look at the open chats whose desk opened or closed then, and wait for
    the next edge. Where the hours are others by now it did not, and nothing is looked at."""
    now, edge = timezone.now(), datetime.fromisoformat(payload["edge"])
    ready = next((each for each in book.current().rules if each.rule.pk == payload["rule"]), None)
    brand = Brand.objects.filter(pk=payload["brand"], is_active=True).first()
    if ready is None or brand is None or ready.rule.brand_id not in {None, brand.pk}:
        return
    after = ready.rule.after
    if after.get("since") not in EDGES or after["minutes"] != payload["minutes"]:
        # It was changed, and armed anew then.
        return
    for chat_id in _chats_at_edge(brand, edge, opens=after["since"] == "opens", now=now):
        _enqueue(ready, chat_id, edge, is_edge=True)
    _arm_edge(ready.rule, brand, after=edge, now=now)


def _chats_at_edge(brand: Brand, edge: datetime, *, opens: bool, now: datetime) -> list[int]:
    """Return the open chats of a brand whose own desk opened (or closed) at a moment."""
    hours, its = book_of(now), read_topics([brand])[0][brand.pk]
    chats = Conversation.objects.unresolved().filter(kind=Conversation.Kind.CUSTOMER, brand=brand)
    found = []
    for chat_id, topic_id, team_id in chats.order_by("pk").values_list("pk", "topic", "team"):
        teams = its.teams_of(topic_id, own=team_id)
        is_open = hours.is_open(brand, teams, at=edge)
        was_open = hours.is_open(brand, teams, at=edge - timedelta(seconds=1))
        if is_open != was_open and is_open == opens:
            found.append(chat_id)
    return found


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
