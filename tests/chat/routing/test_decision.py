"""decide(): order, fairness and limits, whatever the floor looks like."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.access import Access, Reach
from agents.models import Permission, Role, Status
from chat.routing.decision import (
    ASK_AGAIN,
    Candidate,
    Decision,
    Policy,
    Reason,
    TeamRule,
    Waiting,
    decide,
)

pytestmark = pytest.mark.once

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
BRANDS, TEAMS = (1, 2), (1, 2, 3)


def candidate(number: int, *, brands: frozenset[int] | None = None, **changes) -> Candidate:
    teams = frozenset(changes.pop("teams", {1}))
    reach = Reach(scope=Role.Scope.OWN, brand_ids=brands, channels=None, team_ids=teams)
    access = Access(
        agent_id=number,
        everything=False,
        team_ids=teams,
        by_permission={Permission.CHAT: (reach,)},
    )
    defaults = {
        "id": number,
        "status": Status.ONLINE,
        "is_present": True,
        "capacity": None,
        "held": 0,
        "idle_since": NOW - timedelta(minutes=number),
        "access": access,
    }
    return Candidate(**defaults | changes)


def waiting(number: int, **changes) -> Waiting:
    defaults = {
        "id": number,
        "brand_id": 1,
        "channel": "web",
        "team_ids": frozenset({1}),
        "priority": 0,
        "queued_at": NOW + timedelta(seconds=number),
    }
    return Waiting(**defaults | changes)


def policy(capacity: int = 4, **teams: TeamRule) -> Policy:
    return Policy(
        brand_capacity=dict.fromkeys(BRANDS, capacity),
        teams={int(name[1:]): rule for name, rule in teams.items()},
    )


def run(queue, candidates, rules: Policy | None = None) -> Decision:
    return decide(queue=queue, candidates=candidates, policy=rules or policy(), now=NOW)


def pairs(decision: Decision) -> list[tuple[int, int]]:
    return [(each.conversation_id, each.agent_id) for each in decision.assignments]


chats = st.builds(
    waiting,
    number=st.integers(1, 10_000),
    brand_id=st.sampled_from(BRANDS),
    team_ids=st.frozensets(st.sampled_from(TEAMS), max_size=3),
    priority=st.integers(-1, 1),
    queued_at=st.integers(0, 5).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    tried=st.lists(st.integers(1, 8), max_size=3, unique=True).map(tuple),
    refused_at=st.sampled_from([None, NOW, NOW - ASK_AGAIN]),
    returning_to=st.none() | st.integers(1, 8),
)
people = st.builds(
    candidate,
    number=st.integers(1, 8),
    status=st.sampled_from(list(Status)),
    is_present=st.booleans(),
    capacity=st.none() | st.integers(0, 3),
    held=st.integers(0, 4),
    idle_since=st.integers(0, 3).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    teams=st.frozensets(st.sampled_from(TEAMS)),
    brands=st.none() | st.frozensets(st.sampled_from(BRANDS), min_size=1),
)
rules = st.builds(
    policy,
    capacity=st.integers(0, 3),
    t1=st.builds(TeamRule, capacity=st.none() | st.integers(0, 3), auto_accept=st.booleans()),
    t2=st.builds(TeamRule, capacity=st.none() | st.integers(0, 3)),
)
floors = st.tuples(
    st.lists(chats, max_size=25, unique_by=lambda chat: chat.id),
    st.lists(people, max_size=8, unique_by=lambda person: person.id),
    rules,
)


def could_take(person: Candidate, chat: Waiting) -> bool:
    return (
        person.status == Status.ONLINE
        and person.is_present
        and person.access.may_take(chat.brand_id, chat.channel, chat.team_ids)
    )


def free_for(chat: Waiting, candidates, rule: Policy, held) -> list[Candidate]:
    """Who may get the chat: those who did not refuse it; after a pause, failing them, the rest."""
    able = [
        person
        for person in candidates
        if could_take(person, chat)
        and held[person.id] < rule.limit(person, chat.brand_id, chat.team_ids)
    ]
    others = [person for person in able if person.id not in chat.tried]
    is_over = chat.refused_at is not None and chat.refused_at <= NOW - ASK_AGAIN
    return able if is_over and not others else others


@given(floors)
def test_nobody_gets_a_chat_past_the_limit_or_without_the_right_to_it(floor) -> None:
    queue, candidates, rule = floor
    decision = run(queue, candidates, rule)
    by_chat, by_agent = {chat.id: chat for chat in queue}, {each.id: each for each in candidates}
    held = {person.id: person.held for person in candidates}
    for chat_id, agent_id in pairs(decision):
        chat, person = by_chat[chat_id], by_agent[agent_id]
        assert person in free_for(chat, candidates, rule, held)
        held[agent_id] += 1
    assert len({chat_id for chat_id, _ in pairs(decision)}) == len(decision.assignments)


@given(floors)
def test_the_queue_is_served_in_order_and_nobody_waits_beside_a_free_agent(floor) -> None:
    queue, candidates, rule = floor
    decision = run(queue, candidates, rule)
    by_chat = {chat.id: chat for chat in queue}
    served = [by_chat[chat_id] for chat_id, _ in pairs(decision)]
    assert served == sorted(served, key=lambda chat: (-chat.priority, chat.queued_at, chat.id))
    given_to = dict(pairs(decision))
    held = {person.id: person.held for person in candidates}
    for chat in sorted(queue, key=lambda chat: chat.order):
        free = free_for(chat, candidates, rule, held)
        assert (chat.id in given_to) == bool(free)
        if free:
            held[given_to[chat.id]] += 1


@given(floors)
def test_each_chat_goes_to_the_least_loaded_and_then_the_longest_idle(floor) -> None:
    queue, candidates, rule = floor
    decision = run(queue, candidates, rule)
    load = {person.id: (person.held, person.idle_since, person.id) for person in candidates}
    by_chat = {chat.id: chat for chat in queue}
    for chat_id, agent_id in pairs(decision):
        chat = by_chat[chat_id]
        held = {number: numbers[0] for number, numbers in load.items()}
        free = {person.id for person in free_for(chat, candidates, rule, held)}
        if agent_id in chat.tried:
            assert agent_id == next(number for number in chat.tried if number in free)
        else:
            best = min(load[number] for number in free)
            assert load[agent_id] == best or agent_id == chat.returning_to
        load[agent_id] = (load[agent_id][0] + 1, NOW, agent_id)


@given(floors)
def test_everybody_left_out_is_left_out_for_a_true_reason(floor) -> None:
    queue, candidates, rule = floor
    decision = run(queue, candidates, rule)
    given_to = dict(pairs(decision))
    final = Counter({person.id: person.held for person in candidates}) + Counter(given_to.values())
    for chat in queue:
        reasons = decision.why(chat.id)
        left_out = {person.id for person in candidates} - {given_to.get(chat.id)}
        assert set(reasons) == left_out
        for person in candidates:
            if person.id not in left_out:
                continue
            reason = reasons[person.id]
            if person.status != Status.ONLINE:
                assert reason == Reason.STATUS
            elif not person.is_present:
                assert reason == Reason.NOT_PRESENT
            elif reason == Reason.CAPACITY:
                limit = rule.limit(person, chat.brand_id, chat.team_ids)
                assert final[person.id] >= limit
            elif reason == Reason.ALREADY_OFFERED:
                assert person.id in chat.tried
            elif reason == Reason.OTHERS_FIRST:
                assert chat.id in given_to
            else:
                assert not could_take(person, chat)


def test_a_tie_goes_to_whoever_has_been_idle_longest() -> None:
    fresh, idle = candidate(1), candidate(2)
    assert pairs(run([waiting(1)], [fresh, idle])) == [(1, 2)]


def test_a_returning_agent_gets_back_what_is_still_unassigned() -> None:
    loaded, free = candidate(1, held=2), candidate(2)
    assert pairs(run([waiting(1, returning_to=1)], [loaded, free])) == [(1, 1)]


def test_the_agents_limit_counts_before_the_teams_and_the_teams_before_the_brands() -> None:
    rule = policy(4, t1=TeamRule(capacity=2))
    assert len(pairs(run([waiting(n) for n in range(9)], [candidate(1)], rule))) == 2
    assert len(pairs(run([waiting(n) for n in range(9)], [candidate(1, capacity=3)], rule))) == 3
    assert len(pairs(run([waiting(n) for n in range(9)], [candidate(1)], policy(4)))) == 4


def test_a_team_that_does_not_accept_by_itself_lets_the_chat_ring() -> None:
    rule = policy(t1=TeamRule(auto_accept=False, ring_seconds=25), t2=TeamRule())
    person = candidate(1, teams={1, 2})
    ringing, at_once = waiting(1), waiting(2, team_ids=frozenset({1, 2}))
    decision = run([ringing, at_once], [person], rule)
    assert [each.ring_seconds for each in decision.assignments] == [25, 0]


def test_a_chat_rings_at_nobody_twice_while_it_may_ring_elsewhere() -> None:
    refused = {"tried": (1,), "refused_at": NOW - ASK_AGAIN}
    decision = run([waiting(1, **refused)], [candidate(1), candidate(2, held=3)])
    assert pairs(decision) == [(1, 2)]
    assert decision.why(1) == {1: Reason.ALREADY_OFFERED}


def test_who_refused_a_chat_is_asked_again_after_a_pause_when_nobody_else_can_take_it() -> None:
    refused = {"tried": (1,), "refused_at": NOW - ASK_AGAIN + timedelta(seconds=1)}
    floor = [candidate(1), candidate(2, held=4), candidate(3, status=Status.BREAK)]
    decision = run([waiting(1, **refused)], floor)
    assert decision.assignments == ()
    assert decision.why(1) == {
        1: Reason.ALREADY_OFFERED,
        2: Reason.CAPACITY,
        3: Reason.STATUS,
    }
    decision = run([waiting(1, **refused | {"refused_at": NOW - ASK_AGAIN})], floor)
    assert pairs(decision) == [(1, 1)]
    assert decision.why(1) == {2: Reason.CAPACITY, 3: Reason.STATUS}
