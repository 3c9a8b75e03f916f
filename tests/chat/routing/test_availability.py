"""The one availability answer, places in line, and what open screens are told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Agent, Brand, Status
from chat.events.availability import AvailabilityChanged, CountersChanged, QueueMoved
from chat.models import Conversation
from chat.operations import announcements
from chat.operations.announcements import announce_changes
from chat.operations.assignment import accept
from chat.operations.conversations import end_conversation
from chat.operations.statuses import change_status
from chat.routing.availability import availability
from chat.routing.estimate import estimate
from chat.routing.shown import shown_place
from tests.support.desk import Desk, fresh, here, make_desk, start, work
from tests.support.factories import (
    make_agent,
    make_conversation,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)

pytestmark = pytest.mark.django_db


def state(desk: Desk) -> str:
    brand = Brand.objects.get(pk=desk.brand.pk)
    return availability(brand, channel="web", now=timezone.now()).state


def told(announced: list, kind: type) -> list:
    return [event for event in announced if isinstance(event, kind)]


def handle(desk: Desk, count: int, seconds: int = 300) -> None:
    """Let the desk have handled so many chats of that length."""
    now = timezone.now()
    for _ in range(count):
        make_conversation(
            make_visitor(desk.brand),
            status="resolved",
            outcome="answered",
            accepted_at=now - timedelta(seconds=seconds),
            ended_at=now,
            resolved_at=now,
        )


def test_nobody_online_is_offline() -> None:
    assert state(make_desk(agents=0)) == "offline"


@pytest.mark.parametrize("status", [Status.INVISIBLE, Status.BREAK, Status.OFFLINE])
def test_only_online_counts(status: str) -> None:
    desk = make_desk()
    assert state(desk) == "online"
    Agent.objects.update(status=status)
    assert state(desk) == "offline"


def test_an_online_agent_without_a_sign_of_life_does_not_count() -> None:
    desk = make_desk()
    late = timezone.now() + timedelta(minutes=2)
    assert availability(desk.brand, channel="web", now=late).state == "offline"


def test_everybody_full_is_busy_or_offline_as_the_brand_wishes() -> None:
    desk = make_desk(brand={"capacity": 1})
    accept(conversation=start(desk), agent=desk.agents[0], now=timezone.now())
    assert state(desk) == "busy"
    Brand.objects.update(at_capacity="form")
    assert state(desk) == "offline"


def test_free_slots_that_others_already_wait_for_are_not_free() -> None:
    desk = make_desk(brand={"capacity": 1})
    assert state(desk) == "online"
    start(desk)
    assert state(desk) == "busy"


def test_a_full_line_is_offline() -> None:
    desk = make_desk(brand={"capacity": 1, "max_queue_length": 1})
    start(desk)
    assert state(desk) == "offline"


def test_each_topic_has_its_own_state_and_hidden_ones_are_not_told() -> None:
    desk = make_desk()
    empty = make_topic(desk.brand, make_team(), name_tr="Fatura", name_en="Billing")
    make_topic(desk.brand, desk.team, is_public=False)
    make_topic(desk.brand, desk.team, is_active=False)
    answer = availability(desk.brand, channel="web", now=timezone.now())
    assert answer.as_json("tr") == {
        "state": "online",
        "topics": [
            {"id": str(desk.topic.pk), "name": "İade", "state": "online", "eta": None},
            {"id": str(empty.pk), "name": "Fatura", "state": "offline", "eta": None},
        ],
        "reason": None,
        "opens_at": None,
        "says": None,
    }
    assert [topic["name"] for topic in answer.as_json("en")["topics"]] == ["Returns", "Billing"]


def test_a_busy_topic_tells_the_wait_only_from_twenty_samples_on() -> None:
    desk = make_desk(brand={"capacity": 1})
    accept(conversation=start(desk), agent=desk.agents[0], now=timezone.now())
    handle(desk, 19)
    assert availability(desk.brand, channel="web", now=timezone.now()).topics[0].eta is None
    handle(desk, 1)
    assert availability(desk.brand, channel="web", now=timezone.now()).topics[0].eta == {
        "low": 300,
        "high": 360,
    }


def test_the_estimate_is_a_band_that_agents_and_capacity_shorten() -> None:
    durations = [float(seconds) for seconds in range(60, 660, 30)]
    one = estimate(position=4, slots=1, durations=durations)
    four = estimate(position=4, slots=4, durations=durations)
    assert one
    assert four
    assert one["low"] < one["high"]
    assert four["high"] < one["high"]
    assert four["low"] < one["low"]
    assert estimate(position=4, slots=0, durations=durations) is None


def test_a_place_counts_those_ahead_who_wait_for_the_same_teams() -> None:
    desk = make_desk(brand={"capacity": 1})
    expert = make_agent(online=True)
    here(expert)
    experts = make_topic(desk.brand, make_team(expert))
    now = timezone.now()
    first, second = start(desk, now=now), start(desk, now=now + timedelta(seconds=1))
    apart = start(desk, topic=experts, now=now + timedelta(seconds=2))
    assert [shown_place(chat, now=now)[0] for chat in (first, second, apart)] == [1, 2, 1]
    Conversation.objects.filter(pk=second.pk).update(priority=1)
    now += timedelta(seconds=3)
    assert [shown_place(fresh(chat), now=now)[0] for chat in (first, second)] == [2, 1]
    end_conversation(conversation=first, by=first.visitor, now=now)
    assert shown_place(first, now=now) == (None, None)


def test_only_visitors_whose_place_changed_are_told_and_in_one_batch(announced) -> None:
    desk = make_desk(brand={"capacity": 1})
    accept(conversation=start(desk), agent=desk.agents[0], now=timezone.now())
    ahead, leaver, behind, last = (start(desk) for _ in range(4))
    work()
    announced.clear()
    end_conversation(conversation=leaver, by=leaver.visitor, now=timezone.now())
    work()
    [moved] = told(announced, QueueMoved)
    assert [(public_id, place) for _, public_id, place, _ in moved.places] == [
        (behind.public_id, 2),
        (last.public_id, 3),
    ]
    groups = [delivery.group for delivery in moved.deliveries()]
    assert groups == [f"visitor.{chat.visitor.secret_hash[:32]}" for chat in (behind, last)]
    assert ahead.public_id not in str(list(moved.deliveries()))


def test_a_change_is_announced_once_and_only_when_the_answer_differs(announced) -> None:
    desk = make_desk(agents=2)
    announce_changes(now=timezone.now())
    announced.clear()
    agent, other = desk.agents
    change_status(agent=agent, status=Status.BREAK, by=agent, now=timezone.now())
    work()
    assert told(announced, AvailabilityChanged) == []
    change_status(agent=other, status=Status.BREAK, by=other, now=timezone.now())
    work()
    [changed] = told(announced, AvailabilityChanged)
    assert (changed.brand_id, changed.answer["state"]) == (desk.brand.pk, "offline")
    assert [delivery.group for delivery in changed.deliveries()] == [f"site.{desk.brand.pk}"]
    change_status(agent=other, status=Status.ONLINE, by=other, now=timezone.now())
    work()
    assert [event.answer["state"] for event in told(announced, AvailabilityChanged)] == [
        "offline",
        "online",
    ]


def test_a_look_at_the_floor_that_was_overtaken_is_not_announced(announced) -> None:
    desk = make_desk()
    now = timezone.now()
    announce_changes(now=now)
    announced.clear()
    Agent.objects.update(status=Status.BREAK)
    # It began before, and what it saw may be what was true before.
    announce_changes(now=now - timedelta(seconds=1))
    assert told(announced, AvailabilityChanged) == []
    announce_changes(now=now + timedelta(seconds=1))
    [changed] = told(announced, AvailabilityChanged)
    assert (changed.brand_id, changed.answer["state"]) == (desk.brand.pk, "offline")


def test_the_footer_counts_customers_waiting_and_authorised_agents(announced) -> None:
    desk = make_desk(agents=2)
    stranger = make_agent(online=True, role=make_role("tickets"))
    here(stranger)
    announce_changes(now=timezone.now())
    start(desk)
    start(desk)
    announce_changes(now=timezone.now())
    pushed = [
        (event.brand_id, event.waiting, event.online) for event in told(announced, CountersChanged)
    ]
    assert pushed == [(desk.brand.pk, 0, 2), (desk.brand.pk, 2, 2)]


def test_the_answer_costs_a_bounded_number_of_queries(django_assert_max_num_queries) -> None:
    desk = make_desk(agents=5, brand={"capacity": 1})
    for _ in range(7):
        start(desk)
    for _ in range(5):
        make_topic(desk.brand, desk.team)
    with django_assert_max_num_queries(8):
        availability(desk.brand, channel="web", now=timezone.now())


def test_a_burst_of_chats_is_one_look_at_the_queue(monkeypatch) -> None:
    desk = make_desk(agents=2, brand={"capacity": 2})
    looks = []
    real = announcements.read_floor
    monkeypatch.setattr(announcements, "read_floor", lambda now: looks.append(now) or real(now))
    for _ in range(12):
        start(desk)
    work()
    # One for what queued, one for what was assigned because of it.
    assert len(looks) == 2
    assert Conversation.objects.filter(status="active").count() == 4
