"""Rules that look when the desk opens or closes, and time rules that are met once whatever dies."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from agents.hours.calendar import DAYS
from agents.operations.hours import set_hours
from automation.models import Cursor, Effect, Rule, Run
from automation.rules import clock
from automation.rules.checking import check_rule
from automation.rules.clock import look_at_clock, look_at_edge
from automation.rules.sentences import said_of
from automation.rules.trying import try_rule
from automation.rules.writing import DEFAULTS, change_rule
from chat.operations.conversations import reopen_conversation, resolve_conversation
from config.outbox.models import OutboxEntry
from tests.automation.talk import said
from tests.support.desk import here, make_desk, start

pytestmark = pytest.mark.django_db
BYE = [{"action": "send_message", "text": {"tr": "Kapanıyoruz.", "en": "We close."}}]


def at(text: str) -> datetime:
    """A moment of Monday, 1 March 2027, or the days after, on the desk's clock."""
    day, _space, clock_time = text.rpartition(" ")
    return timezone.make_aware(datetime.fromisoformat(f"{day or '2027-03-01'}T{clock_time}"))


def open_from(owner, start_at: str, end_at: str) -> None:
    week = {day: [[start_at, end_at]] for day in DAYS}
    set_hours(owner=owner, week=week, dates=[], by=None, now=timezone.now())


@pytest.fixture
def later(work_all):
    """Call it to do what is due at a moment, with the desk's agents there."""

    def go(text: str, desk=None) -> None:
        with time_machine.travel(at(text), tick=False):
            here(*(desk.agents if desk else ()))
            work_all()

    return go


@pytest.fixture
def desk():
    """A desk that is open from nine to six, on a Monday at ten."""
    with time_machine.travel(at("10:00"), tick=False):
        made = make_desk()
        open_from(made.brand, "09:00", "18:00")
    return made


def add(rule, text="10:00", **told) -> Rule:
    with time_machine.travel(at(text), tick=False):
        wanted = {"when": "time", "after": {"since": "closes", "minutes": 0}, "actions": BYE}
        return rule(**wanted | told)


def begin(desk, text="10:00"):
    with time_machine.travel(at(text), tick=False):
        here(*desk.agents)
        return start(desk)


def test_it_looks_in_the_minute_in_which_the_desk_closes_and_not_before(desk, rule, later):
    add(rule)
    chat = begin(desk)
    later("17:59:59", desk)
    assert said(chat) == []
    later("18:00", desk)
    assert said(chat) == ["Kapanıyoruz."]
    later("18:20", desk)
    assert said(chat) == ["Kapanıyoruz."]
    later("2027-03-02 18:00", desk)
    assert said(chat) == ["Kapanıyoruz.", "Kapanıyoruz."]


def test_minutes_are_counted_from_the_edge_and_conditions_are_asked_then(desk, rule, later):
    closed = [{"field": "within_hours", "operator": "is", "value": False}]
    add(rule, after={"since": "opens", "minutes": 30}, all=closed)
    open_rule = add(rule, after={"since": "opens", "minutes": 30}, name="Açık")
    chat = begin(desk)
    later("2027-03-02 09:29", desk)
    assert not Run.objects.exists()
    later("2027-03-02 09:30", desk)
    assert Run.objects.get().rule == open_rule
    assert said(chat) == ["Kapanıyoruz."]


def test_one_that_was_switched_on_after_the_edge_still_has_its_minutes(desk, rule, later):
    chat = begin(desk, "17:50")
    add(rule, "18:10", after={"since": "closes", "minutes": 20})
    later("18:20", desk)
    assert said(chat) == ["Kapanıyoruz."]


def test_hours_that_are_changed_meanwhile_are_the_ones_that_count(desk, rule, later):
    add(rule)
    chat = begin(desk)
    with time_machine.travel(at("12:00"), tick=False):
        open_from(desk.brand, "09:00", "20:00")
    later("12:01", desk)
    later("18:00", desk)
    assert said(chat) == []
    later("20:00", desk)
    assert said(chat) == ["Kapanıyoruz."]


def test_a_team_with_hours_of_its_own_closes_by_them(desk, rule, later):
    add(rule)
    with time_machine.travel(at("10:00"), tick=False):
        open_from(desk.team, "08:00", "12:00")
    chat = begin(desk)
    later("10:01", desk)
    later("12:00", desk)
    assert said(chat) == ["Kapanıyoruz."]
    later("18:00", desk)
    assert said(chat) == ["Kapanıyoruz."]


def test_a_desk_that_is_always_open_has_no_edges(rule, work_all):
    desk = make_desk()
    rule(when="time", after={"since": "closes", "minutes": 0}, actions=BYE)
    chat = start(desk)
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        work_all()
    assert said(chat) == []


def test_other_minutes_take_the_place_of_those_before(desk, rule, later):
    made = add(rule)
    chat = begin(desk)
    with time_machine.travel(at("11:00"), tick=False):
        change_rule(
            rule=made,
            after={"since": "closes", "minutes": 15},
            by=None,
            now=timezone.now(),
        )
    later("11:01", desk)
    later("18:14", desk)
    assert said(chat) == []
    later("18:15", desk)
    assert said(chat) == ["Kapanıyoruz."]


def due_of(kind: str) -> list[dict]:
    rows = OutboxEntry.objects.filter(kind=kind).order_by("pk")
    return list(rows.values_list("payload", flat=True))


def test_an_edge_that_is_worked_off_twice_is_met_once(desk, rule, later):
    add(rule)
    chat = begin(desk)
    later("18:00", desk)
    with time_machine.travel(at("18:01"), tick=False):
        for payload in due_of("automation.edge"):
            look_at_edge(payload)
        for payload in due_of("automation.due"):
            look_at_clock(payload)
    assert said(chat) == ["Kapanıyoruz."]


def test_a_worker_that_dies_between_deciding_and_acting_leaves_one_effect(
    rule, work_all, monkeypatch
):
    desk = make_desk()
    rule(when="time", after={"since": "created", "minutes": 1}, actions=BYE)
    chat = start(desk)
    work_all()
    (payload,) = due_of("automation.due")
    with time_machine.travel(timezone.now() + timedelta(minutes=1, seconds=1), tick=False):
        with monkeypatch.context() as broken:
            broken.setattr(clock, "act_on", lambda *args, **options: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                look_at_clock(payload)
        assert (Run.objects.count(), Effect.objects.count()) == (1, 0)
    # Another worker takes the row, later.
    with time_machine.travel(timezone.now() + timedelta(minutes=1, seconds=40), tick=False):
        look_at_clock(payload)
        look_at_clock(payload)
    assert said(chat) == ["Kapanıyoruz."]
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("minutes", "is_fine"), [(0, True), (1440, True), (1441, False), (-1, False), ("5", False)]
)
def test_only_minutes_of_a_day_are_taken(minutes, is_fine):
    after = {"since": "opens", "minutes": minutes}
    told = {**DEFAULTS, "when": "time", "after": after, "actions": BYE}
    assert ("after.minutes" not in check_rule(told)) is is_fine


def test_it_is_said_back_and_can_be_tried(desk, rule):
    made = add(rule)
    assert said_of(made).startswith("When the desk closes: ")
    made.after = {"since": "opens", "minutes": 5}
    assert said_of(made).startswith("5 minutes after the desk opens: ")
    chat = begin(desk)
    assert try_rule(made, chat, now=timezone.now())["matches"]


def waiting(rule) -> Rule:
    after = {"since": "customer_word", "minutes": 2}
    return add(rule, after=after, fires="every")


def test_a_chat_that_goes_on_with_its_agent_is_looked_at_again_at_its_moments(desk, rule, later):
    waiting(rule)
    chat, agent = begin(desk), desk.agents[0]
    later("10:02", desk)
    with time_machine.travel(at("10:03"), tick=False):
        resolve_conversation(conversation=chat, topic=desk.topic, by=agent, now=timezone.now())
    later("10:06", desk)
    assert len(said(chat)) == 1
    with time_machine.travel(at("10:07"), tick=False):
        reopen_conversation(conversation=chat, by=agent, now=timezone.now())
    heard = []
    for moment in ("10:07", "10:08", "10:09", "10:10"):
        later(moment, desk)
        heard.append(len(said(chat)))
    assert heard == [1, 2, 2, 3]


def test_one_that_was_off_for_a_while_looks_at_the_chats_it_had_looked_at(desk, rule, later):
    made, chat = waiting(rule), begin(desk)
    later("10:02", desk)
    for moment, mode in (("10:03", Rule.Mode.OFF), ("10:05", Rule.Mode.ON)):
        with time_machine.travel(at(moment), tick=False):
            change_rule(rule=made, mode=mode, by=None, now=timezone.now())
        later("10:05", desk)
    assert len(said(chat)) == 2
    later("10:06", desk)
    assert len(said(chat)) == 3


def test_a_worker_that_dies_keeps_other_rules_of_its_chat_waiting_and_ends_none(desk, rule, later):
    waiting(rule)
    chat = begin(desk)
    later("10:01", desk)
    Cursor.objects.update(holder="x", lease_until=at("10:02:30"))
    for second in range(0, 40, 3):
        later(f"10:02:{second:02}", desk)
    assert len(said(chat)) == 1
