"""Chats that ring until somebody accepts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.access import access_of
from agents.models import Agent
from chat.events.lifecycle import OfferMade, OfferWithdrawn
from chat.models import Conversation, Offer
from chat.operations.assignment import (
    AtCapacity,
    accept,
    route,
)
from chat.operations.conversations import end_conversation
from chat.operations.offers import decline, miss_offers
from chat.queries.panel import panel
from chat.routing.decision import ASK_AGAIN
from tests.support.desk import Desk, fresh, here, make_desk, start, work
from tests.support.factories import (
    make_agent,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ringing() -> Desk:
    return make_desk(agents=2, auto_accept=False, ring_seconds=20)


def offers(chat: Conversation) -> list[tuple[int, str]]:
    return list(
        Offer.objects.filter(conversation=chat).order_by("pk").values_list("agent_id", "result")
    )


def test_who_declined_and_takes_the_chat_by_hand_later_reads_that() -> None:
    desk = make_desk(agents=1, auto_accept=False, ring_seconds=20)
    (agent,) = desk.agents
    access, now = access_of(agent), timezone.now()
    rang, taken = start(desk), start(desk)
    for chat in (rang, taken):
        route(now=now)
        if chat == taken:
            decline(conversation=chat, agent=agent, now=now)
        accept(conversation=fresh(chat), agent=agent, now=now)
    assert panel(access, fresh(taken)).assignment.kind == "accepted"
    assert panel(access, fresh(rang)).assignment.kind == "offered"


def test_a_chat_rings_at_one_agent_and_then_at_the_next(ringing, announced) -> None:
    first, second = (agent.pk for agent in ringing.agents)
    chat = start(ringing)
    now = timezone.now()
    route(now=now)
    route(now=now)
    assert offers(chat) == [(first, "open")]
    assert fresh(chat).status == "queued"
    assert chat.entries.get(kind="offered").visitor_seq is None
    miss_offers(now=now + timedelta(seconds=19))
    assert offers(chat) == [(first, "open")]
    miss_offers(now=now + timedelta(seconds=20))
    route(now=now)
    assert offers(chat) == [(first, "missed"), (second, "open")]
    decline(conversation=chat, agent=ringing.agents[0], now=now)
    decline(conversation=chat, agent=ringing.agents[1], now=now)
    route(now=now)
    assert offers(chat) == [(first, "missed"), (second, "declined")]
    made = [event.agent_id for event in announced if isinstance(event, OfferMade)]
    ended = [
        (event.agent_id, event.result) for event in announced if isinstance(event, OfferWithdrawn)
    ]
    assert made == [first, second]
    assert ended == [(first, "missed"), (second, "declined")]


def test_a_chat_that_everybody_refused_rings_again_after_a_pause(ringing) -> None:
    first, second = (agent.pk for agent in ringing.agents)
    now = timezone.now() - 3 * ASK_AGAIN
    chat = start(ringing, now=now)
    for agent in ringing.agents:
        route(now=now)
        decline(conversation=chat, agent=agent, now=now)
    route(now=now + ASK_AGAIN - timedelta(seconds=1))
    refused = [(first, "declined"), (second, "declined")]
    assert offers(chat) == refused
    route(now=now + ASK_AGAIN)
    assert offers(chat) == [*refused, (first, "open")]
    # A colleague who comes meanwhile was never asked, and goes first.
    now += ASK_AGAIN
    third = make_agent(online=True)
    ringing.team.agents.add(third)
    here(third)
    decline(conversation=chat, agent=ringing.agents[0], now=now)
    route(now=now)
    assert offers(chat)[3:] == [(third.pk, "open")]
    miss_offers(now=now + timedelta(minutes=1))
    # The pause begins with the last refusal.
    route(now=now + ASK_AGAIN)
    assert offers(chat)[3:] == [(third.pk, "missed")]


def test_whoever_refused_a_chat_longest_ago_is_asked_next(ringing) -> None:
    first, second = ringing.agents
    now = timezone.now() - 4 * ASK_AGAIN
    chat = start(ringing, now=now)
    for agent in (first, second):
        route(now=now)
        decline(conversation=chat, agent=agent, now=now)
    for agent in (first, second, first):
        now += ASK_AGAIN
        route(now=now)
        assert offers(chat)[-1] == (agent.pk, "open")
        decline(conversation=chat, agent=agent, now=now)


def test_a_declined_chat_rings_on_by_itself(ringing) -> None:
    chat = start(ringing)
    work()
    decline(conversation=chat, agent=ringing.agents[0], now=timezone.now())
    work()
    assert offers(chat)[1] == (ringing.agents[1].pk, "open")


def test_whoever_takes_a_ringing_chat_ends_the_ringing_elsewhere(ringing) -> None:
    chat = start(ringing)
    route(now=timezone.now())
    accept(conversation=chat, agent=ringing.agents[1], now=timezone.now())
    assert offers(chat) == [(ringing.agents[0].pk, "withdrawn")]
    second = start(ringing)
    route(now=timezone.now())
    accept(conversation=second, agent=ringing.agents[0], now=timezone.now())
    assert offers(second) == [(ringing.agents[0].pk, "accepted")]


def test_a_ringing_chat_takes_a_slot_and_can_be_accepted_into_it(ringing) -> None:
    Agent.objects.update(capacity=1)
    first, second, third = start(ringing), start(ringing), start(ringing)
    route(now=timezone.now())
    route(now=timezone.now())
    assert Offer.objects.filter(result="open").count() == 2
    with pytest.raises(AtCapacity):
        accept(conversation=third, agent=ringing.agents[0], now=timezone.now())
    accept(conversation=first, agent=ringing.agents[0], now=timezone.now())
    assert fresh(first).assignee == ringing.agents[0]
    assert fresh(second).status == "queued"


def test_a_visitor_who_leaves_stops_the_ringing(ringing) -> None:
    chat = start(ringing)
    route(now=timezone.now())
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    assert offers(chat) == [(ringing.agents[0].pk, "withdrawn")]


# By hand
