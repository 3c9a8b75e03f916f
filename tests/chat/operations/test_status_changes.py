"""The four statuses, and what each means for the agent's chats."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Agent, Permission, Role, Status, StatusInterval
from chat.events.availability import AgentSeen
from chat.events.lifecycle import OfferWithdrawn
from chat.models import Conversation, Offer
from chat.operations.assignment import accept, route
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.statuses import NotAllowed, OpenChats, change_status
from config.events import Event
from tests.support.desk import Desk, fresh, make_desk, start, work
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk(agents=2)


def busy(desk: Desk) -> Conversation:
    return accept(conversation=start(desk), agent=desk.agents[0], now=timezone.now())


@pytest.mark.parametrize("status", [Status.INVISIBLE, Status.BREAK])
def test_invisible_and_break_keep_their_chats_without_asking(desk: Desk, status: str) -> None:
    agent, chat = desk.agents[0], busy(desk)
    change_status(agent=agent, status=status, by=agent, now=timezone.now())
    assert (fresh(chat).assignee, fresh(chat).status) == (agent, "active")


def test_going_offline_with_open_chats_asks_first(desk: Desk) -> None:
    agent = desk.agents[0]
    busy(desk)
    busy(desk)
    with pytest.raises(OpenChats) as asked:
        change_status(agent=agent, status=Status.OFFLINE, by=agent, now=timezone.now())
    assert asked.value.count == 2
    agent.refresh_from_db()
    assert agent.status == Status.ONLINE


def test_offline_may_keep_the_chats(desk: Desk) -> None:
    agent, chat = desk.agents[0], busy(desk)
    change_status(agent=agent, status=Status.OFFLINE, confirm="keep", by=agent, now=timezone.now())
    assert fresh(chat).assignee == agent


def test_offline_may_hand_the_chats_back_to_the_head_of_the_queue(desk: Desk) -> None:
    agent, other = desk.agents
    chat, waiting = busy(desk), start(desk)
    change_status(
        agent=agent, status=Status.OFFLINE, confirm="requeue", by=agent, now=timezone.now()
    )
    assert (fresh(chat).status, fresh(chat).assignee) == ("queued", None)
    assert fresh(chat).priority > fresh(waiting).priority
    work()
    assert fresh(chat).assignee == fresh(waiting).assignee == other


@pytest.mark.parametrize("status", [Status.INVISIBLE, Status.BREAK, Status.OFFLINE])
def test_what_rings_at_an_agent_who_leaves_rings_at_the_next_and_is_no_missed_offer(
    status: str, announced: list[Event]
) -> None:
    desk = make_desk(agents=2, auto_accept=False)
    first, second = desk.agents
    chat = start(desk)
    work()
    change_status(agent=first, status=status, by=first, now=timezone.now())
    withdrawn = [event for event in announced if isinstance(event, OfferWithdrawn)]
    assert [(event.agent_id, event.result) for event in withdrawn] == [(first.pk, "withdrawn")]
    work()
    offers = Offer.objects.filter(conversation=chat).order_by("pk")
    assert list(offers.values_list("agent", "result")) == [
        (first.pk, "withdrawn"),
        (second.pk, "open"),
    ]


def test_who_comes_online_while_a_chat_rings_elsewhere_leaves_it_there() -> None:
    desk = make_desk(agents=2, auto_accept=False)
    first, second = desk.agents
    Agent.objects.filter(pk=second.pk).update(status=Status.BREAK)
    chat = start(desk)
    work()
    change_status(agent=second, status=Status.INVISIBLE, by=second, now=timezone.now())
    change_status(agent=second, status=Status.ONLINE, by=second, now=timezone.now())
    change_status(agent=first, status=Status.ONLINE, by=first, now=timezone.now())
    work()
    assert Offer.objects.get(conversation=chat).agent == first


def test_a_chat_in_wrap_up_is_not_asked_about_and_frees_its_slot(desk: Desk) -> None:
    agent, chat = desk.agents[0], busy(desk)
    end_conversation(conversation=chat, by=agent, now=timezone.now())
    change_status(agent=agent, status=Status.OFFLINE, by=agent, now=timezone.now())
    work()
    chat = fresh(chat)
    assert (chat.status, chat.assignee, chat.holds_slot) == ("wrap_up", agent, False)


def test_only_supervisors_change_somebody_elses_status_and_are_named(desk: Desk) -> None:
    agent, colleague = desk.agents
    with pytest.raises(NotAllowed):
        change_status(agent=agent, status=Status.BREAK, by=colleague, now=timezone.now())
    boss = make_agent(role=make_role(Permission.SUPERVISE, scope=Role.Scope.ALL))
    change_status(agent=agent, status=Status.BREAK, by=boss, now=timezone.now())
    assert StatusInterval.objects.get(agent=agent, ended_at=None).actor == boss


def test_going_online_brings_chats_up_to_the_limit() -> None:
    desk = make_desk(brand={"capacity": 2})
    agent = desk.agents[0]
    for _ in range(3):
        start(desk)
    change_status(agent=agent, status=Status.BREAK, by=agent, now=timezone.now())
    route(now=timezone.now())
    assert not Conversation.objects.filter(status="active").exists()
    change_status(agent=agent, status=Status.ONLINE, by=agent, now=timezone.now())
    work()
    given = Conversation.objects.order_by("pk").values_list("assignee_id", flat=True)
    assert list(given) == [agent.pk, agent.pk, None]


def test_visitors_see_invisible_as_offline(desk: Desk, announced) -> None:
    agent = desk.agents[0]
    busy(desk)
    change_status(agent=agent, status=Status.INVISIBLE, by=agent, now=timezone.now())
    work()
    [seen] = [event for event in announced if isinstance(event, AgentSeen)]
    assert seen.agent["status"] == "offline"
    assert "invisible" not in str(list(seen.deliveries()))


def test_the_status_is_seen_until_a_while_after_the_end(desk: Desk, announced) -> None:
    agent = desk.agents[0]
    ended, resolved, old = (busy(desk) for _ in range(3))
    now = timezone.now()
    for chat in (ended, resolved, old):
        end_conversation(conversation=chat, by=agent, now=now)
    resolve_conversation(conversation=resolved, topic=desk.topic, by=agent, now=now)
    long_ago = now - timedelta(hours=1)
    resolve_conversation(conversation=old, topic=desk.topic, by=agent, now=long_ago)
    change_status(agent=agent, status=Status.BREAK, by=agent, now=now)
    work()
    [seen] = [event for event in announced if isinstance(event, AgentSeen)]
    assert seen.agent["status"] == "break"
    assert {public_id for _, public_id in seen.chats} == {ended.public_id, resolved.public_id}
