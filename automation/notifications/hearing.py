"""What is told: the table's rows at work, and all that rings.

Who is told is written down at once, for customers' words stay in order so. Only who may take a chat
that waits is found out on the queue `push`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from agents.models import Device
from automation.notifications import opened, silent
from automation.notifications.policy import TABLE, Told, Whom
from automation.notifications.telling import (
    newest,
    spoken_to,
    tell,
    tell_of_waiting,
    tell_of_words,
)
from chat.models import Conversation, Entry, Offer
from config.events import react_to, react_to_many
from config.outbox.operations import enqueue

WAITING = "automation.waiting"
# Until then routing has found somebody, if there is anybody.
ROUTED_AFTER = timedelta(seconds=0.5)
# The ring went by: the next one is asked, and all others are told.
_PASSED = {Offer.Result.MISSED, Offer.Result.DECLINED}

type Hear = Callable[[Told, dict[str, Any], datetime], None]


def _chat(fact: dict[str, Any]) -> Conversation | None:
    return Conversation.objects.filter(pk=fact["conversation_id"]).first()


def _rung_at(told: Told, fact: dict[str, Any], now: datetime) -> None:
    if chat := _chat(fact):
        _tell(told, chat, [fact["agent_id"]], Entry.Kind.OFFERED, now)


def _assignee(told: Told, fact: dict[str, Any], now: datetime) -> None:
    # Whoever took it knows.
    if fact["automatic"] and (chat := _chat(fact)):
        _tell(told, chat, [fact["assignee_id"]], Entry.Kind.ACCEPTED, now)


def _tell(told: Told, chat: Conversation, agents: list[int], kind: str, now: datetime) -> None:
    seq = newest(chat, kind)
    key = f"{kind}:{chat.pk}:{seq}"
    tell(agent_ids=agents, notice=told.notice, key=key, conversation=chat, seq=seq, now=now)


def _who_may_take(told: Told, fact: dict[str, Any], now: datetime) -> None:
    result = fact.get("result")
    if (result is None or result in _PASSED) and (chat := _chat(fact)):
        _ask_who_may_take(chat, now, is_passed=result is not None)


def _ask_who_may_take(chat: Conversation, now: datetime, *, is_passed: bool = False) -> None:
    payload = {"conversation": chat.pk, "seq": chat.last_seq, "passed": is_passed}
    key = f"waiting:{chat.pk}:{chat.last_seq}:{is_passed:d}"
    enqueue(kind=WAITING, key=key, payload=payload, available_at=now + ROUTED_AFTER)


def _spoken_to(facts: list[dict[str, Any]]) -> None:
    """Customers' words, of which there may be hundreds a second: all are heard together."""
    if not Device.objects.exists():
        return
    now = timezone.now()
    said = Entry.objects.filter(
        pk__in={pk for fact in facts for pk in fact["entry_ids"]},
        kind=Entry.Kind.MESSAGE,
        author_kind=Entry.AuthorKind.VISITOR,
    )
    accepted = Entry.objects.filter(
        conversation=OuterRef("conversation"), kind=Entry.Kind.ACCEPTED, seq__gt=OuterRef("seq")
    )
    # What is not needed is not read.
    words = said.select_related("conversation").annotate(was_taken=Exists(accepted))
    names = "assignee_id", "last_seq", "status", "outcome", "resolved_at", "ticket_id"
    read = [f"conversation__{name}" for name in names]
    # Chats in the order in which others lock several.
    found = list(words.only("seq", "created_at", *read).order_by("conversation", "seq"))
    agents = spoken_to([each.conversation for each in found])
    heard = []
    for entry in found:
        chat = entry.conversation
        if chat.is_left_to_ticket and chat.resolved_at and entry.created_at >= chat.resolved_at:
            # Told as the ticket's.
            continue
        if not agents[chat.pk]:
            _ask_who_may_take(chat, now)
        # Whoever took it since was told of the chat with this word in it, or took it so.
        elif not entry.was_taken:
            heard.append((chat.pk, entry.seq, agents[chat.pk]))
    tell_of_words(heard, now=now)


_OF_CHATS = {Whom.RUNG_AT, Whom.ASSIGNEE, Whom.WHO_MAY_TAKE}
_HEAR: Mapping[Whom, Hear] = {
    Whom.RUNG_AT: _rung_at,
    Whom.ASSIGNEE: _assignee,
    Whom.WHO_MAY_TAKE: _who_may_take,
    Whom.WHO_MAY_GREET: opened.of_a_window,
    Whom.MENTIONED: silent.of_mentions,
    Whom.OF_A_RULE: silent.of_a_rule,
    Whom.WHO_WORKS_ON: silent.of_new_ticket,
    Whom.TICKETS_AGENT: silent.to_tickets_agent,
    Whom.TICKETS_TEAM: silent.to_tickets_team,
}


def _reaction(told: Told) -> Callable[[dict[str, Any]], None]:
    def react(fact: dict[str, Any]) -> None:
        # Of chats the console hears by itself: where nobody has a device nothing is read.
        if told.whom not in _OF_CHATS or Device.objects.exists():
            _HEAR[told.whom](told, fact, timezone.now())

    return react


def tell_waiting(payload: dict[str, Any]) -> None:
    """Outbox: tell of a chat that nobody has."""
    tell_of_waiting(
        conversation_id=payload["conversation"],
        seq=payload["seq"],
        is_passed=payload["passed"],
        now=timezone.now(),
    )


for _event, _told in TABLE.items():
    for _row in _told:
        if _row.whom == Whom.SPOKEN_TO:
            react_to_many(_event, _spoken_to)
        else:
            react_to(_event, _reaction(_row))
