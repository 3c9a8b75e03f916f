"""What happens by itself: caps, agents who vanish, chats that wake."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Agent, Presence
from agents.operations import disable_agent
from agents.presence import heartbeat
from chat.models import Conversation
from chat.operations.assignment import accept, route
from chat.operations.conversations import (
    end_conversation,
    reopen_conversation,
    resolve_conversation,
)
from chat.operations.vanished import requeue_unreachable, requeue_vanished
from chat.operations.wrap_ups import free_wrap_ups
from chat.posting.messages import Author, Outgoing, Posted, post_message
from chat.tasks import sweep_once
from config.outbox.models import OutboxEntry
from tests.support.desk import Desk, fresh, here, kinds, make_desk, start, work
from tests.support.factories import make_brand, make_role, make_visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk(agents=2)


def busy(desk: Desk) -> Conversation:
    return accept(conversation=start(desk), agent=desk.agents[0], now=timezone.now())


def says(chat: Conversation, text: str) -> None:
    author = Author.of_visitor(chat.visitor)
    draft = Outgoing(chat.public_id, author, text, str(uuid.uuid4()))
    assert isinstance(post_message(draft, now=timezone.now()), Posted)


def vanish(agent: Agent) -> None:
    """Let the agent be gone, and the sweeper have watched for a minute."""
    now = timezone.now()
    Presence.objects.filter(agent=agent).update(seen_at=now - timedelta(minutes=3))
    for seconds in range(60, 0, -20):
        requeue_vanished(now=now - timedelta(seconds=seconds))


def test_a_wrap_up_frees_its_slot_at_the_cap_and_stays_with_its_agent(desk, settings) -> None:
    chat = busy(desk)
    now = timezone.now()
    end_conversation(conversation=chat, by=chat.visitor, now=now)
    cap = timedelta(seconds=settings.IMECE["WRAP_UP_SECONDS"])
    assert free_wrap_ups(now=now + cap - timedelta(seconds=1)) == 0
    assert free_wrap_ups(now=now + cap) == 1
    chat = fresh(chat)
    assert (chat.status, chat.holds_slot, chat.assignee) == ("wrap_up", False, desk.agents[0])


def test_the_cap_brings_the_next_chat() -> None:
    desk = make_desk(brand={"capacity": 1})
    chat, waiting = busy(desk), start(desk)
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now() - timedelta(minutes=10))
    sweep_once(now=timezone.now())
    assert fresh(waiting).assignee == desk.agents[0]


def test_the_chats_of_an_agent_who_vanished_go_back_to_the_head_and_their_visitors_are_told(
    desk,
) -> None:
    gone, other = desk.agents
    chat = busy(desk)
    vanish(gone)
    assert requeue_vanished(now=timezone.now()) == 1
    chat = fresh(chat)
    assert (chat.status, chat.assignee, chat.returning_to) == ("queued", None, gone)
    assert chat.priority == Conversation.HEAD
    assert kinds(chat)[-1] == "queued"
    assert chat.last_visitor_seq == chat.entries.filter(visitor_seq__isnull=False).count() == 5
    here(other)
    work()
    assert fresh(chat).assignee == other


def test_an_agent_with_a_sign_of_life_keeps_the_chats(desk) -> None:
    chat = busy(desk)
    vanish(desk.agents[0])
    here(desk.agents[0])
    assert requeue_vanished(now=timezone.now()) == 0
    assert fresh(chat).assignee == desk.agents[0]


def test_who_comes_back_gets_back_what_is_still_unassigned() -> None:
    desk = make_desk(agents=1)
    [agent] = desk.agents
    chat = busy(desk)
    vanish(agent)
    requeue_vanished(now=timezone.now())
    work()
    assert fresh(chat).status == "queued"
    heartbeat(agent=agent, now=timezone.now())
    work()
    assert fresh(chat).assignee == agent


def test_an_agent_who_was_never_away_is_not_announced_as_back(announced) -> None:
    desk = make_desk(agents=1)
    [agent] = desk.agents
    announced.clear()
    heartbeat(agent=agent, now=timezone.now())
    vanish(agent)
    Agent.objects.filter(pk=agent.pk).update(status="break")
    heartbeat(agent=agent, now=timezone.now())
    assert not announced


def set_aside(chat: Conversation) -> None:
    Conversation.objects.filter(pk=chat.pk).update(status="waiting", holds_slot=False)


def test_a_visitor_who_writes_in_a_waiting_chat_returns_to_its_agent(desk) -> None:
    chat = busy(desk)
    set_aside(chat)
    says(chat, "Geri geldim")
    work()
    chat = fresh(chat)
    assert (chat.status, chat.assignee, chat.holds_slot) == ("active", desk.agents[0], True)


def test_a_waiting_chat_queues_first_when_its_agent_has_no_room() -> None:
    desk = make_desk(brand={"capacity": 1})
    chat = busy(desk)
    set_aside(chat)
    busy(desk)
    ordinary = start(desk)
    says(chat, "Orada mısınız?")
    work()
    assert fresh(chat).status == fresh(ordinary).status == "queued"
    assert fresh(chat).priority > fresh(ordinary).priority
    assert Conversation.objects.filter(holds_slot=True).count() == 1


def test_a_visitor_who_writes_in_a_resolved_chat_reopens_it(desk) -> None:
    chat = busy(desk)
    resolve_conversation(conversation=chat, topic=desk.topic, by=desk.agents[0], now=timezone.now())
    says(chat, "Bir şey daha soracaktım")
    work()
    chat = fresh(chat)
    assert (chat.status, chat.assignee) == ("active", desk.agents[0])
    assert kinds(chat)[-3:] == ["message", "reopened", "assigned"]


def test_the_chats_that_an_agent_may_not_answer_any_more_go_to_somebody_who_may(desk) -> None:
    first, second = desk.agents
    Agent.objects.filter(pk=second.pk).update(status="break")
    shared = make_brand(default_team=desk.team)
    chats = [start(desk), start(desk, make_visitor(shared), brand=shared, topic=None)]
    for chat in chats:
        accept(conversation=chat, agent=first, now=timezone.now())
    assert requeue_unreachable(now=timezone.now()) == 0
    lasting = make_role(brands=(shared,))
    first.role_grants.update(role=lasting)
    Agent.objects.filter(pk=second.pk).update(status="online")
    sweep_once(now=timezone.now())
    assert [fresh(chat).assignee for chat in chats] == [second, first]
    assert chats[0].entries.filter(kind="queued").latest("seq").data["from"] == first.name
    disable_agent(agent=first, by=None, now=timezone.now())
    sweep_once(now=timezone.now())
    assert fresh(chats[1]).assignee == second


@pytest.mark.parametrize("how", ["deactivated", "without the role"])
def test_an_ended_chat_whose_agent_is_gone_is_finished_by_a_colleague(how: str) -> None:
    desk = make_desk(agents=2)
    first, second = desk.agents
    chat = start(desk)
    accept(conversation=chat, agent=first, now=timezone.now())
    end_conversation(conversation=chat, by=first, now=timezone.now())
    sweep_once(now=timezone.now())
    assert fresh(chat).assignee == first
    if how == "deactivated":
        disable_agent(agent=first, by=None, now=timezone.now())
    else:
        first.role_grants.all().delete()
    sweep_once(now=timezone.now())
    assert (fresh(chat).assignee, fresh(chat).holds_slot) == (second, False)
    assert Conversation.objects.visible_to(second).filter(pk=chat.pk).exists()
    named = chat.entries.get(kind="assigned").data
    assert (named["from_id"], named["to_id"]) == (first.public_id, second.public_id)
    sweep_once(now=timezone.now())
    assert chat.entries.filter(kind="assigned").count() == 1
    done = resolve_conversation(conversation=chat, topic=desk.topic, by=second, now=timezone.now())
    assert done.status == "resolved"


@pytest.mark.parametrize("how", ["deactivated", "vanished", "without the role"])
def test_what_rings_at_an_agent_who_is_gone_rings_at_somebody_else(how: str) -> None:
    desk = make_desk(agents=2, auto_accept=False, ring_seconds=300)
    first, second = desk.agents
    chat = start(desk)
    work()
    assert [offer.agent for offer in chat.offers.all()] == [first]
    now = timezone.now()
    if how == "deactivated":
        disable_agent(agent=first, by=None, now=now)
    elif how == "vanished":
        Presence.objects.filter(agent=first).update(seen_at=now - timedelta(minutes=3))
    else:
        first.role_grants.all().delete()
    sweep_once(now=now)
    offers = chat.offers.order_by("pk").values_list("agent", "result")
    assert list(offers) == [(first.pk, "withdrawn"), (second.pk, "open")]


@pytest.mark.parametrize("sleeps", ["waiting", "wrap_up", "resolved"])
def test_a_chat_does_not_wake_at_an_agent_who_lost_the_right_to_answer_it(desk, sleeps) -> None:
    first, second = desk.agents
    chat, now = busy(desk), timezone.now()
    if sleeps == "waiting":
        set_aside(chat)
    elif sleeps == "wrap_up":
        end_conversation(conversation=chat, by=first, now=now)
    else:
        resolve_conversation(conversation=chat, topic=desk.topic, by=first, now=now)
    first.role_grants.all().delete()
    if sleeps == "wrap_up":
        reopen_conversation(conversation=fresh(chat), by=chat.visitor, now=now)
    else:
        says(chat, "Bir şey daha soracaktım")
    work()
    chat = fresh(chat)
    assert (chat.status, chat.assignee) == ("active", second)


def test_words_of_a_chat_that_was_purged_meanwhile_end_quietly(desk) -> None:
    chat = busy(desk)
    set_aside(chat)
    says(chat, "Geri geldim")
    Conversation.objects.all().delete()
    work()
    assert not OutboxEntry.objects.exclude(done_at__isnull=False)


def test_a_step_of_the_sweeper_that_fails_keeps_no_other_from_running(desk, monkeypatch) -> None:
    def fail(*, now: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("chat.tasks.STEPS", (fail, route))
    chat = start(desk)
    sweep_once(now=timezone.now())
    assert fresh(chat).assignee in desk.agents
