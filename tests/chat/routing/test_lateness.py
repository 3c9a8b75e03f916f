"""Customers who wait too long: who is alerted, and how often."""

import json
import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from agents.events import agent_group
from agents.models import Agent, Role, Status
from chat.events.lifecycle import ConversationLate
from chat.models import Conversation, Visitor
from chat.operations.assignment import accept, requeue, route
from chat.operations.lateness import alert_late
from chat.operations.offers import decline
from chat.operations.transfers import transfer
from chat.posting.messages import Author, Outgoing, Posted, post_message
from config.events import Event
from config.wire import wire_time
from tests.support.desk import fresh, here, make_desk, start
from tests.support.factories import make_agent, make_brand, make_role, make_team
from tickets.operations.contacts import create_contact

pytestmark = pytest.mark.django_db

TARGET = timedelta(seconds=60)


def late(announced: list[Event]) -> list[ConversationLate]:
    """The alerts so far, which are then forgotten."""
    found = [event for event in announced if isinstance(event, ConversationLate)]
    announced.clear()
    return found


def heard(event: ConversationLate) -> set[str]:
    return {delivery.group for delivery in event.deliveries()}


def say(chat: Conversation, author: Author, *, now: datetime) -> None:
    draft = Outgoing(chat.public_id, author, "…", str(uuid.uuid4()))
    assert isinstance(post_message(draft, now=now), Posted)


def supervisor(scope: str = Role.Scope.ALL, **fields: object) -> Agent:
    found = make_agent(role=make_role("supervise", scope=scope), online=True, **fields)
    here(found)
    return found


def test_an_agent_is_alerted_once_for_each_wait(announced: list[Event]) -> None:
    desk = make_desk()
    [elif_] = desk.agents
    now = timezone.now()
    chat = accept(conversation=start(desk, now=now), agent=elif_, now=now)
    assert alert_late(now=now + TARGET - timedelta(seconds=1)) == 0
    assert alert_late(now=now + TARGET) == 1
    assert alert_late(now=now + TARGET + timedelta(seconds=5)) == 0
    [event] = late(announced)
    assert heard(event) == {agent_group(elif_.pk)}
    now += 2 * TARGET
    say(chat, Author.of_agent(elif_), now=now)
    assert alert_late(now=now + 5 * TARGET) == 0
    now += 6 * TARGET
    say(chat, Author.of_visitor(chat.visitor), now=now)
    assert alert_late(now=now + TARGET) == 1


def test_the_time_in_the_queue_is_not_the_agents(announced: list[Event]) -> None:
    desk = make_desk()
    now = timezone.now()
    chat = start(desk, now=now)
    assert alert_late(now=now + 5 * TARGET) == 0
    now += 6 * TARGET
    accept(conversation=chat, agent=desk.agents[0], now=now)
    assert alert_late(now=now) == 0
    assert alert_late(now=now + TARGET) == 1
    assert fresh(chat).late_told_at == now + TARGET


def test_supervisors_who_are_here_hear_of_a_wait_twice_as_long(announced: list[Event]) -> None:
    desk = make_desk()
    [elif_] = desk.agents
    boss = supervisor()
    of_team = supervisor(Role.Scope.TEAM)
    desk.team.agents.add(of_team)
    # Another team's, another brand's, somebody on a break, and somebody whose console is closed.
    supervisor(Role.Scope.TEAM)
    elsewhere = make_role("supervise", scope=Role.Scope.ALL)
    elsewhere.brands.add(make_brand())
    here(make_agent(role=elsewhere, online=True))
    resting = supervisor()
    Agent.objects.filter(pk=resting.pk).update(status=Status.BREAK)
    make_agent(role=make_role("supervise", scope=Role.Scope.ALL), status=Status.ONLINE)
    now = timezone.now() - 4 * TARGET
    accept(conversation=start(desk, now=now), agent=elif_, now=now)
    for seconds in range(60, 240, 5):
        alert_late(now=now + timedelta(seconds=seconds))
    first, second = late(announced)
    assert heard(first) == {agent_group(elif_.pk)}
    assert heard(second) == {agent_group(boss.pk), agent_group(of_team.pk)}


def test_after_a_pause_of_the_sweeper_all_hear_it_at_once(announced: list[Event]) -> None:
    desk = make_desk()
    boss = supervisor()
    now = timezone.now() - 3 * TARGET
    accept(conversation=start(desk, now=now), agent=desk.agents[0], now=now)
    now += 2 * TARGET
    alert_late(now=now)
    alert_late(now=now + TARGET)
    [event] = late(announced)
    assert heard(event) == {agent_group(desk.agents[0].pk), agent_group(boss.pk)}


def test_the_alert_calls_a_customer_by_whatever_name_is_known(announced: list[Event]) -> None:
    desk = make_desk()
    now = timezone.now()
    chat = accept(conversation=start(desk, now=now), agent=desk.agents[0], now=now)
    known = create_contact(name="Zeynep Ak", email="", language="tr", now=now)
    Conversation.objects.filter(pk=chat.pk).update(contact=known)
    Visitor.objects.filter(pk=chat.visitor_id).update(name="")
    assert alert_late(now=now + TARGET) == 1
    assert [event.customer for event in late(announced)] == ["Zeynep Ak"]


def test_the_next_agent_is_alerted_too(announced: list[Event]) -> None:
    desk = make_desk(agents=2)
    elif_, mert = desk.agents
    now = timezone.now()
    chat = accept(conversation=start(desk, now=now), agent=elif_, now=now)
    now += TARGET
    assert alert_late(now=now) == 1
    requeue(conversation=chat, by=elif_, now=now, reason="")
    accept(conversation=chat, agent=mert, now=now)
    late(announced)
    assert alert_late(now=now + timedelta(seconds=5)) == 1
    [event] = late(announced)
    assert heard(event) == {agent_group(mert.pk)}


def test_supervisors_hear_of_a_chat_that_everybody_refused(announced: list[Event]) -> None:
    desk = make_desk(auto_accept=False)
    [elif_] = desk.agents
    boss = supervisor()
    now = timezone.now() - 4 * TARGET
    chat, in_line = start(desk, now=now), start(desk, now=now + TARGET)
    route(now=now)
    decline(conversation=chat, agent=elif_, now=now)
    assert alert_late(now=now + 2 * TARGET - timedelta(seconds=1)) == 0
    assert alert_late(now=now + 2 * TARGET) == 1
    assert alert_late(now=now + 3 * TARGET) == 0
    [event] = late(announced)
    assert event.public_id == chat.public_id
    assert heard(event) == {agent_group(boss.pk)}
    [delivery] = event.deliveries()
    [frame] = [json.loads(each) for each in delivery.content["frames"]]
    assert frame["data"] == {
        "conversation": chat.public_id,
        "brand": str(desk.brand.pk),
        "customer": "Vera",
        "agent": "",
        "since": wire_time(now),
    }
    assert fresh(in_line).late_told_at is None
    # Taken at last, the agent has a target of their own.
    now += 3 * TARGET
    accept(conversation=chat, agent=elif_, now=now)
    assert alert_late(now=now + TARGET) == 1
    [event] = late(announced)
    assert heard(event) == {agent_group(elif_.pk)}


def test_supervisors_hear_of_a_chat_that_was_passed_on_to_nobody(announced: list[Event]) -> None:
    desk = make_desk()
    [elif_] = desk.agents
    boss = supervisor()
    team = make_team(make_agent())
    now = timezone.now() - 8 * TARGET
    chat = accept(conversation=start(desk, now=now), agent=elif_, now=now)
    say(chat, Author.of_agent(elif_), now=now)
    now += 3 * TARGET
    transfer(conversation=chat, to=team, by=elif_, now=now)
    late(announced)
    assert alert_late(now=now + 2 * TARGET - timedelta(seconds=1)) == 0
    assert alert_late(now=now + 2 * TARGET) == 1
    assert alert_late(now=now + 3 * TARGET) == 0
    [event] = late(announced)
    assert heard(event) == {agent_group(boss.pk)}


def test_a_chat_that_stood_in_line_and_rings_on_alarms_nobody(announced: list[Event]) -> None:
    desk = make_desk(agents=2, auto_accept=False)
    first, second = desk.agents
    supervisor()
    now = timezone.now() - 10 * TARGET
    chat = start(desk, now=now)
    now += 4 * TARGET
    route(now=now)
    decline(conversation=chat, agent=first, now=now)
    assert alert_late(now=now) == 0
    route(now=now)
    # It rings at a colleague.
    assert alert_late(now=now + 3 * TARGET) == 0
    decline(conversation=chat, agent=second, now=now)
    assert alert_late(now=now + 2 * TARGET) == 1
