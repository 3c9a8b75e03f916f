"""Rules that come late, or that somebody else runs just now: nobody waits longer than a second."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from automation.models import Cursor
from automation.reactions import LOOK
from automation.rules.clock import DUE
from chat.operations.assignment import accept
from chat.routing import rule_hooks
from config.outbox.models import OutboxEntry
from config.outbox.operations import do_now, drain
from tests.automation.talk import AGAIN, ASK, said, say, state, tags
from tests.support.desk import fresh, make_desk, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return make_desk()


def test_an_agent_who_takes_the_chat_is_not_talked_into(desk, ask, work_all):
    ask()
    chat = start(desk)
    accept(conversation=chat, agent=desk.agents[0], now=timezone.now())
    work_all()
    say(chat, "Merhaba?")
    work_all()
    assert (said(chat), state(chat)) == ([], "active")


def test_rules_that_come_too_late_change_nothing_that_was_given(desk, ask, work_all):
    ask()
    chat = start(desk)
    later = timezone.now() + timedelta(seconds=rule_hooks.HOLD_SECONDS + 0.1)
    with time_machine.travel(later, tick=False):
        while drain():
            pass
        assert state(chat) == "active"
        work_all()
        assert (said(chat), state(chat)) == ([], "active")


def test_a_word_whose_rules_do_not_come_wakes_the_chat_after_a_second(desk, ask, work_all):
    ask(then="remind")
    chat = start(desk)
    work_all()
    say(chat, "Merhaba?")
    assert state(chat) == "parked"
    while drain():
        pass
    assert state(chat) == "parked"
    later = timezone.now() + timedelta(seconds=rule_hooks.HOLD_SECONDS + 0.1)
    with time_machine.travel(later, tick=False):
        while drain():
            pass
        assert state(chat) == "active"


def test_while_somebody_else_looks_at_the_chat_its_words_are_held_on(desk, ask, work_all):
    ask()
    chat = start(desk)
    work_all()
    soon = timezone.now() + timedelta(seconds=rule_hooks.HOLD_SECONDS + 30)
    Cursor.objects.update(holder="x", lease_until=soon)
    say(chat, "Merhaba?")
    drain("rules")
    assert (state(chat), fresh(chat).held_until is not None) == ("parked", True)
    # Nobody is kept from an agent by that: when its time is up the chat goes on.
    later = timezone.now() + timedelta(seconds=rule_hooks.HOLD_SECONDS + 0.1)
    with time_machine.travel(later, tick=False):
        while drain():
            pass
        assert (said(chat), state(chat)) == ([ASK], "active")


def test_who_looks_a_moment_longer_is_waited_for(desk, ask, work_all):
    ask()
    chat = start(desk)
    work_all()
    say(chat, "Merhaba?")
    Cursor.objects.update(holder="x", lease_until=timezone.now() + timedelta(seconds=0.1))
    drain("rules")
    assert (said(chat), state(chat)) == ([ASK, AGAIN], "parked")


def of_time(rule) -> None:
    """Have a rule look five minutes after a chat began."""
    after = {"since": "created", "minutes": 5}
    rule(when="time", after=after, actions=[{"action": "add_tag", "tag": "bekledi"}])


def minutes_later(minutes: int, work_all) -> None:
    later = timezone.now() + timedelta(minutes=minutes)
    with time_machine.travel(later, tick=False):
        work_all()


def test_minutes_that_passed_while_no_worker_came_have_passed_for_rules_of_time(
    desk, rule, work_all
):
    rule()
    of_time(rule)
    work_all()
    chat = start(desk)
    minutes_later(6, work_all)
    assert tags(chat) == {"bekledi"}


def test_rules_of_time_look_at_a_chat_that_is_taken_before_it_was_let_go(desk, rule, work_all):
    rule()
    of_time(rule)
    work_all()
    chat = start(desk)
    accept(conversation=chat, agent=desk.agents[0], now=timezone.now())
    work_all()
    minutes_later(6, work_all)
    assert tags(chat) == {"bekledi"}


def test_rules_of_time_look_at_a_chat_that_a_rule_gave_to_an_agent(desk, rule, work_all):
    rule(actions=[{"action": "assign", "agent": desk.agents[0].public_id}])
    of_time(rule)
    work_all()
    chat = start(desk)
    work_all()
    assert fresh(chat).assignee == desk.agents[0]
    minutes_later(6, work_all)
    assert tags(chat) == {"bekledi"}


@pytest.mark.parametrize("kind", [LOOK, DUE])
def test_a_chats_beginning_is_looked_at_whatever_another_worker_looks_at_before(
    desk, rule, work_all, kind
):
    rule(actions=[{"action": "add_tag", "tag": "yeni"}])
    rule(when="updated", actions=[{"action": "add_tag", "tag": "yazdı"}])
    of_time(rule)
    work_all()
    chat = start(desk)
    accept(conversation=chat, agent=desk.agents[0], now=timezone.now())
    say(chat, "Merhaba?")
    later = timezone.now() + timedelta(minutes=6)
    with time_machine.travel(later, tick=False):
        while drain():
            pass
        newest_first = OutboxEntry.objects.live().filter(kind=kind).order_by("-pk")
        for key in list(newest_first.values_list("key", flat=True)):
            assert do_now(key)
        work_all()
    assert tags(chat) == {"yeni", "yazdı", "bekledi"}
