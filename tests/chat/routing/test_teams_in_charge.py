"""Whose a chat or ticket is, which all who ask must answer alike."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
import time_machine
from django.utils import timezone

from agents.access import of_teams, teams_of
from agents.hours.calendar import DAYS
from agents.models import Brand, Team
from agents.operations.hours import set_hours
from chat.models import Conversation
from chat.routing.availability import Reason, is_open_for, outlook_for, read_topics
from chat.routing.candidates import load_of
from chat.routing.queue import read_queue
from reports.wall import snapshot
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_team,
    make_topic,
    make_visitor,
)
from tests.support.tickets import opened
from tickets.models import Ticket
from tickets.places import place_of

pytestmark = pytest.mark.django_db


def of_rows(rows) -> set[str]:
    return {team.name for team in Team.objects.all() if rows.filter(of_teams([team.pk])).exists()}


def named(pks) -> set[str]:
    return set(Team.objects.filter(pk__in=pks).values_list("name", flat=True))


def of_queue(chat: Conversation) -> set[str]:
    [waiting], _policy = read_queue(Conversation.objects.filter(pk=chat.pk), load_of())
    return named(waiting.team_ids)


def of_brands_topics(chat: Conversation) -> set[str]:
    topics, _policy = read_topics([chat.brand])
    return named(topics[chat.brand_id].teams_of(chat.topic_id, own=chat.team_id))


def of_wallboard(chat: Conversation) -> set[str]:
    [waiting] = snapshot.read(now=timezone.now()).waiting
    return named(waiting.place.teams)


def of_ticket(chat: Conversation) -> set[str]:
    ticket = opened(chat.brand)
    # As the chat is, whatever opening chose.
    Ticket.objects.filter(pk=ticket.pk).update(topic=chat.topic, team=chat.team)
    ticket.refresh_from_db()
    assert of_rows(Ticket.objects.all()) == named(place_of(ticket)["teams"])
    return of_rows(Ticket.objects.all())


SPELLINGS: list[Callable[[Conversation], set[str]]] = [
    lambda chat: of_rows(Conversation.objects.all()),
    lambda chat: named(teams_of(chat)),
    of_queue,
    of_brands_topics,
    of_wallboard,
    of_ticket,
]


@pytest.mark.parametrize(
    ("topic", "own", "expected"),
    [
        pytest.param("two teams", "own", {"own"}, id="own team"),
        pytest.param("two teams", None, {"returns", "exchange"}, id="topic"),
        pytest.param(None, None, {"default"}, id="no topic"),
        pytest.param("switched off", None, {"returns"}, id="inactive topic"),
        pytest.param("no team", None, {"default"}, id="topic without team"),
    ],
)
def test_a_chat_is_the_same_teams_for_everybody_who_asks(topic, own, expected) -> None:
    default, returns, exchange, mine = (
        make_team(name=name) for name in ("default", "returns", "exchange", "own")
    )
    brand = make_brand(default_team=default)
    topics = {
        "two teams": make_topic(brand, returns, exchange),
        "switched off": make_topic(brand, returns, is_active=False),
        "no team": make_topic(brand),
        None: None,
    }
    chat = make_conversation(make_visitor(brand), topic=topics[topic], team=mine if own else None)
    assert [spelling(chat) for spelling in SPELLINGS] == [expected] * len(SPELLINGS)


def test_a_chat_whose_topic_was_switched_off_keeps_the_hours_of_the_topics_teams() -> None:
    sales, returns = make_team(make_agent()), make_team(make_agent())
    brand = make_brand(default_team=sales)
    chat = make_conversation(make_visitor(brand), topic=make_topic(brand, returns, is_active=False))
    noon = timezone.localtime().replace(hour=12, minute=0) + timedelta(days=1)
    _open_until(sales, time(18))
    _open_until(returns, time(11))
    with time_machine.travel(noon, tick=False):
        assert not is_open_for(chat, at=noon)
        assert outlook_for(chat, now=noon).reason == Reason.HOURS
    early = noon.replace(hour=10)
    with time_machine.travel(early, tick=False):
        assert is_open_for(chat, at=early)


def _open_until(owner: Team | Brand, end: time) -> None:
    week = {day: [["09:00", end.strftime("%H:%M")]] for day in DAYS}
    set_hours(owner=owner, week=week, dates=[], by=None, now=timezone.now())
