"""Passing a chat on: who may get it, what stays as it was, and what both sides are told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Agent, Status, Team
from chat.events.lifecycle import ConversationAssigned, ConversationQueued, SlotFreed
from chat.models import Conversation
from chat.operations.assignment import (
    AlreadyTaken,
    AtCapacity,
    NotOnline,
    accept,
    route,
)
from chat.operations.conversations import NotAssigned, end_conversation
from chat.operations.transfers import HasEnded, NotTheirs, transfer
from chat.protocol import entry_frame
from chat.routing.decision import ASK_AGAIN
from tests.support.desk import Desk, fresh, here, kinds, make_desk, start, work
from tests.support.factories import make_agent, make_brand, make_role, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk(agents=2)


def taken(desk: Desk, agent: Agent | None = None) -> Conversation:
    chat = start(desk)
    return accept(conversation=chat, agent=agent or desk.agents[0], now=timezone.now())


def pass_on(chat: Conversation, to: Agent | Team, by: Agent, reason: str = "") -> Conversation:
    return transfer(conversation=chat, to=to, by=by, reason=reason, now=timezone.now())


def another_team(*agents: Agent) -> Team:
    here(*agents)
    return make_team(*agents)


def test_a_colleague_gets_the_chat_at_once_and_the_slot_moves_along(desk, announced) -> None:
    first, second = desk.agents
    chat = taken(desk)
    queued_at, accepted_at = chat.queued_at, chat.accepted_at
    pass_on(chat, second, first, "Knows parcels")
    chat = fresh(chat)
    assert (chat.status, chat.assignee, chat.holds_slot) == ("active", second, True)
    assert (chat.queued_at, chat.accepted_at) == (queued_at, accepted_at)
    assert kinds(chat)[-2:] == ["transferred", "accepted"]
    line = chat.entries.get(kind="transferred")
    assert line.agent == first
    assert line.data == {
        "from": first.name,
        "from_id": first.public_id,
        "to": second.name,
        "to_id": second.public_id,
        "reason": "Knows parcels",
    }
    assert chat.entries.filter(kind="accepted").latest("seq").agent == second
    [_, assigned] = [event for event in announced if isinstance(event, ConversationAssigned)]
    # Automatic is what rings, as for any chat that comes by itself.
    assert (assigned.assignee_id, assigned.previous_id, assigned.automatic) == (
        second.pk,
        first.pk,
        True,
    )
    assert [event.agent_id for event in announced if isinstance(event, SlotFreed)] == [first.pk]


def test_the_visitor_is_told_who_passed_it_on_and_never_why(desk) -> None:
    first, second = desk.agents
    chat = taken(desk)
    pass_on(chat, second, first, "Difficult customer")
    queue = another_team(make_agent(online=True))
    pass_on(chat, queue, second, "Difficult customer")
    for entry in chat.entries.for_wire().filter(kind="transferred"):
        seen = entry_frame(entry, audience="visitor")
        assert seen["author"]["name"] in {first.name, second.name}
        assert set(seen["data"]) <= {"to"}
        assert "Difficult" not in str(seen)
        assert queue.name not in str(seen)


def test_a_team_gets_it_at_the_head_of_its_queue_with_its_own_wait_and_priority(desk) -> None:
    first = desk.agents[0]
    expert = make_agent(online=True, capacity=1)
    team = another_team(expert)
    now = timezone.now()
    old = start(desk, now=now - timedelta(minutes=5))
    Conversation.objects.filter(pk=old.pk).update(priority=3)
    accept(conversation=fresh(old), agent=first, now=now)
    never_taken = start(desk, now=now - timedelta(minutes=9))
    Conversation.objects.filter(pk=never_taken.pk).update(team=team)
    chat = fresh(old)
    pass_on(chat, team, first)
    chat = fresh(chat)
    assert (chat.status, chat.assignee, chat.team) == ("queued", None, team)
    assert (chat.holds_slot, chat.queued_at) == (False, old.queued_at)
    assert kinds(chat)[-2:] == ["transferred", "queued"]
    route(now=timezone.now())
    assert fresh(chat).assignee == expert
    assert fresh(chat).priority == 3
    assert fresh(never_taken).assignee is None


def test_it_does_not_go_straight_back_to_whoever_had_it_but_may_be_taken_by_hand(desk) -> None:
    first, second = desk.agents
    Agent.objects.filter(pk=second.pk).update(status=Status.BREAK)
    chat = taken(desk)
    pass_on(chat, desk.team, first)
    work()
    assert fresh(chat).assignee is None
    accept(conversation=fresh(chat), agent=first, now=timezone.now())
    assert fresh(chat).assignee == first
    # Only that once: the next agent may hand it to them.
    Agent.objects.filter(pk=second.pk).update(status=Status.ONLINE)
    pass_on(fresh(chat), desk.team, first)
    work()
    assert fresh(chat).assignee == second
    pass_on(fresh(chat), desk.team, second)
    work()
    assert fresh(chat).assignee == first


def test_it_comes_back_after_a_while_when_nobody_else_takes_it(desk) -> None:
    first, second = desk.agents
    Agent.objects.filter(pk=second.pk).update(status=Status.BREAK)
    chat, now = taken(desk), timezone.now() - 2 * ASK_AGAIN
    transfer(conversation=chat, to=desk.team, by=first, now=now)
    route(now=now + ASK_AGAIN - timedelta(seconds=1))
    assert fresh(chat).assignee is None
    route(now=now + ASK_AGAIN)
    assert (fresh(chat).assignee, fresh(chat).passed_at) == (first, None)


def test_the_slot_that_becomes_free_goes_to_the_next_in_line() -> None:
    desk = make_desk(brand={"capacity": 1})
    chat = taken(desk)
    waiting = start(desk)
    expert = make_agent(online=True)
    team = another_team(expert)
    pass_on(chat, team, desk.agents[0])
    work()
    assert fresh(waiting).assignee == desk.agents[0]
    assert fresh(chat).assignee == expert


@pytest.mark.parametrize("status", [Status.INVISIBLE, Status.BREAK, Status.OFFLINE])
def test_only_an_online_agent_receives_it(desk, status: str) -> None:
    first, second = desk.agents
    chat = taken(desk)
    Agent.objects.filter(pk=second.pk).update(status=status)
    with pytest.raises(NotOnline):
        pass_on(chat, second, first)
    assert fresh(chat).assignee == first
    assert "transferred" not in kinds(chat)


def test_an_online_agent_without_a_sign_of_life_receives_nothing(desk) -> None:
    chat = taken(desk)
    silent = make_agent(online=True)
    desk.team.agents.add(silent)
    with pytest.raises(NotOnline):
        pass_on(chat, silent, desk.agents[0])


def test_capacity_holds_for_a_transfer_too() -> None:
    desk = make_desk(agents=2, brand={"capacity": 1})
    first, second = desk.agents
    chat = taken(desk)
    taken(desk, second)
    with pytest.raises(AtCapacity):
        pass_on(chat, second, first)
    assert fresh(chat).assignee == first


def test_who_would_not_be_routed_the_chat_is_not_handed_it_either(desk) -> None:
    chat = taken(desk)
    stranger = make_agent(online=True)
    another_team(stranger)
    other_brand = make_agent(online=True, role=make_role(brands=(make_brand(),)))
    desk.team.agents.add(other_brand)
    here(other_brand)
    gone = make_agent(online=True, is_active=False)
    desk.team.agents.add(gone)
    here(gone)
    with pytest.raises(NotOnline):
        pass_on(chat, gone, desk.agents[0])
    for agent in (stranger, other_brand):
        with pytest.raises(NotTheirs):
            pass_on(chat, agent, desk.agents[0])
    for team in (make_team(), make_team(other_brand), make_team(desk.agents[0])):
        with pytest.raises(NotTheirs):
            pass_on(chat, team, desk.agents[0])
    assert fresh(chat).assignee == desk.agents[0]


def test_a_team_where_nobody_is_online_now_lets_it_wait(desk) -> None:
    chat = taken(desk)
    team = make_team(make_agent())
    pass_on(chat, team, desk.agents[0])
    work()
    assert (fresh(chat).status, fresh(chat).team) == ("queued", team)


def test_only_an_open_chat_that_somebody_has_is_passed_on(desk) -> None:
    first, second = desk.agents
    waiting = start(desk)
    with pytest.raises(NotAssigned):
        pass_on(waiting, second, first)
    chat = taken(desk)
    end_conversation(conversation=chat, by=first, now=timezone.now())
    with pytest.raises(HasEnded):
        pass_on(chat, second, first)
    with pytest.raises(HasEnded):
        pass_on(chat, desk.team, first)


def test_twice_the_same_is_once_and_what_is_somebody_elses_now_stays_theirs(
    desk, announced
) -> None:
    first, second = desk.agents
    third = make_agent(online=True)
    desk.team.agents.add(third)
    here(third)
    chat = taken(desk)
    seen_before = fresh(chat)
    pass_on(chat, second, first)
    pass_on(fresh(seen_before), second, first)
    stale = seen_before
    with pytest.raises(AlreadyTaken):
        pass_on(stale, third, first)
    assert fresh(chat).assignee == second
    mine = fresh(chat)
    twice = fresh(chat)
    pass_on(mine, desk.team, second)
    pass_on(twice, desk.team, second)
    assert kinds(chat).count("transferred") == 2
    queued = [event for event in announced if isinstance(event, ConversationQueued)]
    assert len([event for event in queued if event.previous_id]) == 1


def test_the_panel_tells_the_new_agent_who_passed_it_on_and_why(client, desk) -> None:
    first, second = desk.agents
    chat = taken(desk)
    pass_on(chat, second, first, "Needs a <b>refund</b>")
    client.force_login(second)
    page = client.get(f"/console/chats/{chat.public_id}/").content.decode()
    assert f"Aktaran: {first.name}" in page
    assert "Needs a &lt;b&gt;refund&lt;/b&gt;" in page
