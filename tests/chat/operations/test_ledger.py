"""The timeline is the ledger: whatever happens, its lines alone tell what the row says."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone, translation

from agents.models import Agent
from chat.events.lifecycle import ConversationLate
from chat.events.words import FactsAppended
from chat.locks import lock_conversation
from chat.models import Conversation, Entry
from chat.operations.assignment import accept, route
from chat.operations.conversations import (
    end_conversation,
    reopen_conversation,
    resolve_conversation,
    set_topic,
)
from chat.operations.entries import NewLine, append
from chat.operations.offers import decline, miss_offers
from chat.operations.ratings import rate_conversation
from chat.operations.transfers import transfer
from chat.operations.waking import wake_conversation
from chat.operations.wrap_ups import free_wrap_ups
from tests.support.desk import answer, fresh, make_desk, start
from tests.support.factories import make_topic

pytestmark = pytest.mark.django_db


def test_a_chat_that_rings_says_at_whom_and_what_came_of_it() -> None:
    desk = make_desk(agents=2, auto_accept=False)
    first, second = desk.agents
    chat = start(desk)
    now = timezone.now()
    route(now=now)
    decline(conversation=chat, agent=first, now=now)
    route(now=now)
    miss_offers(now=now + timedelta(minutes=1))
    accept(conversation=chat, agent=second, now=now)
    offered = lines_of(chat, "offered")
    assert [(line.data["to_id"], line.data.get("result")) for line in offered] == [
        (first.public_id, None),
        (first.public_id, "declined"),
        (second.public_id, None),
        (second.public_id, "missed"),
    ]
    assert [line.agent for line in offered] == [None, first, None, None]
    assert all(line.visitor_seq is None for line in offered)
    assert told(chat, "accepted") == [{"automatic": False, **NOBODY, **side("to", second)}]


def test_topic_and_team_name_both_sides_also_when_they_change_along_with_something() -> None:
    desk = make_desk(agents=2)
    first, _second = desk.agents
    other, last = make_topic(desk.brand, name_tr="Ödeme"), make_topic(desk.brand, name_tr="Kargo")
    chat = accept(conversation=start(desk), agent=first, now=timezone.now())
    transfer(conversation=chat, to=desk.team, by=first, now=timezone.now())
    set_topic(conversation=chat, topic=other, by=first, now=timezone.now())
    accept(conversation=chat, agent=first, now=timezone.now())
    resolve_conversation(conversation=chat, topic=last, by=first, now=timezone.now())

    def change(name: str, before: Any, after: Any) -> dict[str, Any]:
        return {
            "name": name,
            "from": str(before or ""),
            "from_id": before and str(before.pk),
            "to": str(after or ""),
            "to_id": after and str(after.pk),
        }

    with translation.override("tr"):
        assert told(chat, "field") == [
            {**change("team", None, desk.team), "because": "transferred"},
            {**change("topic", desk.topic, other), "value": str(other.pk), "label": "Ödeme"},
            {**change("team", desk.team, None), "because": "topic"},
            {**change("topic", other, last), "because": "resolved"},
        ]
    assert told(chat, "resolved") == [
        {"outcome": "answered", "because": "closed", "topic": "Kargo", "topic_id": str(last.pk)}
    ]


def test_an_agent_who_goes_on_begins_an_interval_and_nobody_sees_a_line() -> None:
    desk = make_desk()
    agent = desk.agents[0]
    chat = accept(conversation=start(desk), agent=agent, now=timezone.now())
    resolve_conversation(conversation=chat, topic=desk.topic, by=agent, now=timezone.now())
    reopen_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    assert told(chat, "reopened") == [{"from": "resolved", "to": "active"}]
    both = {**side("from", agent), **side("to", agent)}
    assert told(chat, "assigned") == [{**both, "because": "reopened"}]
    Conversation.objects.filter(pk=chat.pk).update(status="waiting", holds_slot=False)
    wake_conversation(conversation_id=chat.pk, now=timezone.now())
    assert told(chat, "status") == [{"from": "waiting", "to": "active", "because": "woke"}]
    assert told(chat, "assigned")[1] == {**both, "because": "woke"}
    hidden = [line for line in lines_of(chat) if line.kind in {"assigned", "status"}]
    assert all(line.visitor_seq is None for line in hidden)


@pytest.mark.parametrize("because", ["cap", "status"])
def test_a_line_tells_when_and_why_the_slot_of_a_wrap_up_is_free(because: str) -> None:
    desk = make_desk()
    agent, now = desk.agents[0], timezone.now()
    chat = accept(conversation=start(desk), agent=agent, now=now)
    end_conversation(conversation=chat, by=chat.visitor, now=now)
    if because == "cap":
        free_wrap_ups(now=now + timedelta(hours=1))
    else:
        free_wrap_ups(now=now, agent_id=agent.pk)
    assert told(chat, "status") == [
        {
            "from": "wrap_up",
            "to": "wrap_up",
            "slot": "freed",
            **side("agent", agent),
            "because": because,
        }
    ]


@pytest.mark.parametrize(
    ("by", "outcome", "because"),
    [
        ("visitor", "", "left"),
        ("agent", "", "closed"),
        ("system", "timed_out", "timed_out"),
        ("system", "", "closed"),
    ],
)
def test_end_and_resolve_say_why_it_is_over(by: str, outcome: str, because: str) -> None:
    desk = make_desk()
    agent = desk.agents[0]
    chat = accept(conversation=start(desk), agent=agent, now=timezone.now())
    actor = {"visitor": chat.visitor, "agent": agent, "system": None}[by]
    end_conversation(conversation=chat, by=actor, outcome=outcome, now=timezone.now())
    resolve_conversation(conversation=chat, topic=desk.topic, by=agent, now=timezone.now())
    assert told(chat, "ended") == [{"by": by, "because": because}]
    assert [data["because"] for data in told(chat, "resolved")] == [because]


def test_workers_hear_of_ratings_fields_and_late_answers(announced) -> None:
    desk = make_desk()
    agent = desk.agents[0]
    chat = accept(conversation=start(desk), agent=agent, now=timezone.now())
    other = make_topic(desk.brand)
    answer(chat, agent)
    resolve_conversation(conversation=chat, topic=other, by=agent, now=timezone.now())
    rate_conversation(conversation=chat, score=5, comment="", now=timezone.now())
    told_of = [event for event in announced if isinstance(event, FactsAppended)]
    lines = lines_of(chat, "field") + lines_of(chat, "rated")
    assert [event.entry_ids for event in told_of] == [[line.pk] for line in lines]
    assert FactsAppended.durable
    assert ConversationLate.durable


@pytest.mark.parametrize(
    ("seconds", "waited"), [(0, None), (22, "0:22"), (125, "2:05"), (3725, "1:02:05")]
)
def test_an_accept_says_how_long_the_customer_stood_in_line(
    seconds: int, waited: str | None
) -> None:
    desk = make_desk()
    now = timezone.now()
    chat = start(desk, now=now - timedelta(seconds=seconds))
    accept(conversation=chat, agent=desk.agents[0], now=now)
    assert told(chat, "accepted")[0].get("waited") == waited


def test_what_is_said_automatically_answers_nobody() -> None:
    desk = make_desk()
    chat = start(desk)
    since = fresh(chat).unanswered_since
    bot = NewLine(kind="bot", author_kind="bot", body="Birazdan buradayız")
    automatic = NewLine(
        kind="message",
        author_kind="agent",
        agent=desk.agents[0],
        body="Sıradasınız",
        data={"automatic": True},
    )
    with transaction.atomic():
        append(lock_conversation(chat), bot, automatic, now=timezone.now())
    chat = fresh(chat)
    assert (chat.preview, chat.preview_author) == ("Sıradasınız", "agent")
    assert since is not None
    assert chat.unanswered_since == since


def lines_of(chat: Conversation, kind: str = "") -> list[Entry]:
    lines = chat.entries.order_by("seq").select_related("agent")
    return list(lines.filter(kind=kind) if kind else lines)


def told(chat: Conversation, kind: str) -> list[dict[str, Any]]:
    return [line.data for line in lines_of(chat, kind)]


NOBODY = {"from": "", "from_id": None}


def side(key: str, who: Agent) -> dict[str, Any]:
    return {key: who.name, f"{key}_id": who.public_id}
