"""Who gets which chat, on every path by which a chat can reach an agent."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent, Permission, RoleGrant, Status
from chat.events.lifecycle import ConversationAssigned, SlotFreed
from chat.locks import Moved
from chat.models import Conversation
from chat.operations import assignment
from chat.operations.assignment import (
    AlreadyTaken,
    AtCapacity,
    NotOnline,
    accept,
    assign_conversation,
    requeue,
    route,
)
from chat.operations.conversations import end_conversation, resolve_conversation, set_topic
from chat.rights import NotAuthorised
from config.outbox import claims
from tests.support.desk import answer, fresh, here, kinds, make_desk, start, work
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)

pytestmark = pytest.mark.django_db


def set_aside(agent: Agent, status: str) -> None:
    agent.status = status
    agent.save(update_fields=["status"])


def holders() -> list[int | None]:
    return list(Conversation.objects.order_by("pk").values_list("assignee_id", flat=True))


def test_who_waits_is_served_before_what_follows_from_words_of_other_chats() -> None:
    desk = make_desk(agents=1, brand={"capacity": 5})
    talking = start(desk)
    work()
    for _word in range(claims.BATCH):
        answer(fresh(talking), desk.agents[0])
    waiting = start(desk)
    for claimed in claims.claim(1, now=timezone.now()):
        assert claimed.payload["name"] == "conversation.queued"
        claims.give_back([claimed])
    work()
    assert fresh(waiting).assignee == desk.agents[0]


def test_a_queued_chat_is_given_to_the_least_loaded_agent_and_accepted_at_once(announced) -> None:
    desk = make_desk(agents=2)
    first, second = desk.agents
    accept(conversation=start(desk), agent=first, now=timezone.now())
    chat = start(desk)
    route(now=timezone.now())
    chat = fresh(chat)
    assert (chat.status, chat.assignee, chat.holds_slot) == ("active", second, True)
    entry = chat.entries.get(kind="accepted")
    assert (entry.agent, entry.visitor_seq) == (second, 4)
    assert entry.data["routing"] == {
        "open": 0,
        "left_out": {"others_first": 1},
        "names": {"others_first": [first.name]},
    }
    assigned = [event for event in announced if isinstance(event, ConversationAssigned)]
    assert [(event.assignee_id, event.automatic) for event in assigned] == [
        (first.pk, False),
        (second.pk, True),
    ]


def test_the_worker_routes_a_chat_that_queues_and_the_next_when_a_slot_frees() -> None:
    desk = make_desk(brand={"capacity": 1})
    first, second = start(desk), start(desk)
    work()
    assert holders() == [desk.agents[0].pk, None]
    resolve_conversation(
        conversation=fresh(first), topic=desk.topic, by=desk.agents[0], now=timezone.now()
    )
    work()
    assert fresh(second).assignee == desk.agents[0]


def test_capacity_is_reached_and_never_passed() -> None:
    desk = make_desk(agents=2, brand={"capacity": 3})
    for _ in range(9):
        start(desk)
    route(now=timezone.now())
    route(now=timezone.now())
    given = holders()
    assert sorted(given[:6]) == sorted([agent.pk for agent in desk.agents] * 3)
    assert given[6:] == [None, None, None]


def test_the_queue_is_first_in_first_out_after_priority() -> None:
    desk = make_desk(brand={"capacity": 2})
    now = timezone.now()
    chats = [start(desk, now=now + timedelta(seconds=second)) for second in (2, 0, 1)]
    Conversation.objects.filter(pk=chats[0].pk).update(priority=1)
    route(now=now)
    assert [chat.pk for chat in chats if fresh(chat).assignee] == [chats[0].pk, chats[1].pk]


@pytest.mark.parametrize("status", [Status.INVISIBLE, Status.BREAK, Status.OFFLINE])
def test_only_online_agents_receive_work_on_any_path(status: str) -> None:
    desk = make_desk(agents=2)
    agent = desk.agents[0]
    chat = start(desk)
    set_aside(agent, status)
    set_aside(desk.agents[1], status)
    route(now=timezone.now())
    with pytest.raises(NotOnline):
        accept(conversation=chat, agent=agent, now=timezone.now())
    with pytest.raises(NotOnline):
        assign_conversation(conversation=chat, to=agent, by=agent, now=timezone.now())
    assert fresh(chat).assignee is None


def test_an_agent_without_a_sign_of_life_receives_nothing() -> None:
    desk = make_desk()
    chat = start(desk)
    late = timezone.now() + timedelta(minutes=5)
    route(now=late)
    assert fresh(chat).assignee is None


def test_agents_get_only_chats_of_their_teams_brands_and_channels() -> None:
    desk = make_desk()
    outsider = make_agent(online=True)
    here(outsider)
    other_brand = make_brand(default_team=desk.team)
    narrow = make_agent(online=True, role=make_role(brands=(other_brand,)))
    deaf = make_agent(online=True, role=make_role(channels=["whatsapp"]))
    reader = make_agent(online=True, role=make_role(Permission.ARCHIVE))
    here(narrow, deaf, reader)
    desk.team.agents.add(narrow, deaf, reader)
    Agent.objects.filter(pk=desk.agents[0].pk).update(capacity=1)
    for _ in range(3):
        start(desk)
    route(now=timezone.now())
    assert set(holders()) == {desk.agents[0].pk, None}


def test_a_chat_goes_to_the_teams_of_its_topic_its_own_team_or_the_default() -> None:
    desk = make_desk(agents=1)
    expert = make_agent(online=True)
    here(expert)
    experts = make_team(expert)
    Agent.objects.update(capacity=9)
    of_topic = start(desk, topic=make_topic(desk.brand, experts))
    of_default = start(desk, topic=None, topic_text="bir soru")
    bare = start(desk, topic=make_topic(desk.brand))
    own = start(desk)
    Conversation.objects.filter(pk=own.pk).update(team=experts)
    route(now=timezone.now())
    assert fresh(of_topic).assignee == fresh(own).assignee == expert
    assert fresh(of_default).assignee == fresh(bare).assignee == desk.agents[0]


def test_a_role_of_a_team_counts_for_that_team_only() -> None:
    desk = make_desk(agents=0)
    member = make_agent(online=True)
    RoleGrant.objects.filter(agent=member).delete()
    other = make_team(member)
    RoleGrant.objects.create(role=make_role(), team=other)
    desk.team.agents.add(member)
    here(member)
    chat = make_conversation(make_visitor(desk.brand), team=desk.team)
    route(now=timezone.now())
    assert fresh(chat).assignee is None
    mine = make_conversation(make_visitor(desk.brand), team=other)
    route(now=timezone.now())
    assert fresh(mine).assignee == member


def test_the_second_to_accept_is_too_late_and_the_first_may_repeat() -> None:
    desk = make_desk(agents=2)
    chat = start(desk)
    accept(conversation=chat, agent=desk.agents[0], now=timezone.now())
    with pytest.raises(AlreadyTaken):
        accept(conversation=chat, agent=desk.agents[1], now=timezone.now())
    accept(conversation=chat, agent=desk.agents[0], now=timezone.now())
    assert kinds(chat).count("accepted") == 1


def test_accepting_past_the_limit_is_refused_until_a_wrap_up_is_resolved() -> None:
    desk = make_desk(brand={"capacity": 1})
    agent = desk.agents[0]
    first, second = start(desk), start(desk)
    accept(conversation=first, agent=agent, now=timezone.now())
    end_conversation(conversation=first, by=first.visitor, now=timezone.now())
    with pytest.raises(AtCapacity):
        accept(conversation=second, agent=agent, now=timezone.now())
    resolve_conversation(conversation=first, topic=desk.topic, by=agent, now=timezone.now())
    accept(conversation=second, agent=agent, now=timezone.now())
    assert fresh(second).assignee == agent


def test_an_ended_chat_cannot_be_accepted() -> None:
    desk = make_desk()
    chat = start(desk)
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    with pytest.raises(AlreadyTaken):
        accept(conversation=chat, agent=desk.agents[0], now=timezone.now())


def test_a_supervisor_assigns_and_moves_a_chat_within_the_limits(announced) -> None:
    desk = make_desk(agents=2, brand={"capacity": 1})
    first, second = desk.agents
    boss = make_agent()
    chat = start(desk)
    assign_conversation(conversation=chat, to=first, by=boss, now=timezone.now())
    assert kinds(chat)[-2:] == ["assigned", "accepted"]
    assign_conversation(conversation=chat, to=second, by=boss, now=timezone.now())
    assert fresh(chat).assignee == second
    assert kinds(chat)[-2:] == ["transferred", "accepted"]
    assert [event.agent_id for event in announced if isinstance(event, SlotFreed)] == [first.pk]
    other = start(desk)
    with pytest.raises(AtCapacity):
        assign_conversation(conversation=other, to=second, by=boss, now=timezone.now())
    stranger = make_agent(online=True, role=make_role(Permission.ARCHIVE))
    with pytest.raises(NotAuthorised):
        assign_conversation(conversation=other, to=stranger, by=boss, now=timezone.now())
    end_conversation(conversation=chat, by=second, now=timezone.now())
    with pytest.raises(AlreadyTaken):
        assign_conversation(conversation=chat, to=first, by=boss, now=timezone.now())


def test_a_returned_chat_goes_to_the_head_and_keeps_the_start_of_its_wait() -> None:
    desk = make_desk(brand={"capacity": 1})
    agent = desk.agents[0]
    now = timezone.now()
    earlier = start(desk, now=now - timedelta(minutes=2))
    later = start(desk, now=now)
    accept(conversation=later, agent=agent, now=now)
    requeue(conversation=later, by=agent, now=now)
    later = fresh(later)
    assert (later.status, later.assignee, later.holds_slot) == ("queued", None, False)
    assert later.queued_at == now
    assert later.entries.filter(kind="queued", visitor_seq__isnull=False).count() == 2
    route(now=timezone.now())
    assert fresh(later).assignee == agent
    assert fresh(later).priority == 0
    assert fresh(earlier).assignee is None


@pytest.mark.parametrize("priority", [-1, 0, 5])
def test_a_chat_keeps_its_priority_through_every_return(priority: int) -> None:
    desk = make_desk(brand={"capacity": 1})
    agent, now = desk.agents[0], timezone.now()
    chat, urgent = start(desk), start(desk)
    Conversation.objects.filter(pk=chat.pk).update(priority=priority)
    Conversation.objects.filter(pk=urgent.pk).update(priority=100)
    accept(conversation=fresh(chat), agent=agent, now=now)
    for _ in range(2):
        requeue(conversation=fresh(chat), by=agent, now=now)
        route(now=timezone.now())
        assert fresh(chat).assignee == agent
        assert fresh(chat).priority == priority


def test_a_decision_over_the_whole_floor_takes_seven_statements() -> None:
    desk = make_desk(agents=20, brand={"capacity": 1})
    for _ in range(50):
        visitor = make_visitor(desk.brand)
        make_conversation(visitor, topic=desk.topic)
    with CaptureQueriesContext(connection) as all_free:
        route(now=timezone.now())
    assert Conversation.objects.filter(status="active").count() == 20
    # One look whether anybody waits, then: agents, teams, roles, slots, queue, the locks, and the
    # queue's rows once more under them.
    assert reads(all_free) == 1 + 7
    with CaptureQueriesContext(connection) as all_busy:
        route(now=timezone.now())
    assert reads(all_busy) == 1 + 5


def reads(queries: CaptureQueriesContext) -> int:
    return sum(query["sql"].lstrip("(").startswith("SELECT") for query in queries)


def test_a_chat_that_moves_while_routing_decides_goes_to_nobody_of_the_old_team(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = make_desk()
    chat = start(desk)
    billing = make_topic(desk.brand, make_team(), name_tr="Fatura")
    lock = assignment.lock_conversations

    def moved_before_the_lock(ids: list[int]) -> list[Conversation]:
        set_topic(conversation=fresh(chat), topic=billing, by=None, now=timezone.now())
        return lock(ids)

    monkeypatch.setattr(assignment, "lock_conversations", moved_before_the_lock)
    # Every new start undoes the move, which then comes again.
    with pytest.raises(Moved):
        route(now=timezone.now())
    assert fresh(chat).assignee is None
