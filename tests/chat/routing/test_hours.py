"""Business hours decide what visitors meet, whoever is Online."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.hours.reading import GivenDate
from agents.models import Brand, HoursDate, HoursWeek
from agents.operations.hours import EDGE, clear_hours, import_holidays, pass_edge, set_hours
from agents.presence import heartbeat
from agents.queries.hours import open_seconds, preview
from chat.events.availability import AvailabilityChanged
from chat.events.lifecycle import FormOffered
from chat.models import Conversation
from chat.operations.announcements import announce_changes
from chat.operations.starting import NobodyAvailable
from chat.routing.availability import availability
from config.outbox.models import OutboxEntry
from tests.support.desk import Desk, fresh, make_desk, start, work
from tests.support.factories import make_agent, make_role, make_team, make_topic
from tests.support.http import open_widget

pytestmark = pytest.mark.django_db

DAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = {day: [["09:00", "18:00"]] for day in DAYS} | {"sat": [], "sun": []}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Istanbul"))


@pytest.fixture
def clock():
    # A Monday at noon.
    with time_machine.travel(at("2026-11-30T12:00"), tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(clock) -> Desk:
    return make_desk()


def keep(owner, week=OFFICE, dates=()) -> None:
    set_hours(owner=owner, week=week, dates=dates, by=None, now=timezone.now())


def answer(desk: Desk) -> dict:
    for agent in desk.agents:
        heartbeat(agent=agent, now=timezone.now())
    brand = Brand.objects.get(pk=desk.brand.pk)
    return availability(brand, channel="web", now=timezone.now()).as_json()


def test_outside_the_hours_there_is_the_form_and_when_somebody_comes(desk: Desk, clock) -> None:
    keep(desk.brand)
    assert (answer(desk)["state"], answer(desk)["reason"]) == ("online", None)
    clock.move_to(at("2026-11-30T18:00"))
    found = answer(desk)
    assert (found["state"], found["reason"]) == ("offline", "hours")
    assert found["opens_at"] == "2026-12-01T06:00:00.000Z"
    assert found["says"] == {
        "tr": "Yarın 09.00'da buradayız",
        "en": "We are here tomorrow at 09:00",
    }
    with pytest.raises(NobodyAvailable):
        start(desk)


def test_the_reason_is_told_and_nobody_is_another_than_full(desk: Desk) -> None:
    assert answer(desk)["reason"] is None
    full = make_desk(brand={"capacity": 1, "at_capacity": "form"})
    start(full)
    assert answer(full)["reason"] == "full"
    assert answer(make_desk(agents=0))["reason"] == "nobody"


def test_a_team_has_its_own_week_and_dates_come_before_weeks(desk: Desk, clock) -> None:
    other = make_agent(role=make_role(), online=True)
    desk.agents.append(other)
    team = make_team(other)
    make_topic(desk.brand, team)
    keep(desk.brand)
    keep(team, week={day: [["08:00", "20:00"]] for day in OFFICE})
    clock.move_to(at("2026-11-30T19:00"))
    assert [topic["state"] for topic in answer(desk)["topics"]] == ["offline", "online"]
    assert answer(desk)["state"] == "online"
    closed = GivenDate(at("2026-12-01T00:00").date(), "Sayım", [], False)
    keep(desk.brand, dates=[closed])
    clock.move_to(at("2026-12-01T10:00"))
    assert [topic["state"] for topic in answer(desk)["topics"]] == ["offline", "offline"]
    keep(team, dates=[GivenDate(closed.day, "", [["09:00", "11:00"]], False)])
    assert [topic["state"] for topic in answer(desk)["topics"]] == ["offline", "online"]
    clear_hours(team=team, by=None, now=timezone.now())
    assert answer(desk)["state"] == "offline"


def test_those_in_line_are_offered_the_form_when_it_closes_and_chats_go_on(
    desk: Desk, clock, announced
) -> None:
    keep(desk.brand)
    Brand.objects.update(capacity=1)
    desk.brand.refresh_from_db()
    running = start(desk)
    work()
    waiting = start(desk)
    work()
    edge = OutboxEntry.objects.get(kind=EDGE)
    assert edge.available_at == at("2026-11-30T18:00")
    clock.move_to(edge.available_at)
    answer(desk)
    announced.clear()
    work()
    assert fresh(waiting).form_offered == Conversation.Form.HOURS
    assert fresh(running).status == "active"
    changed = [event for event in announced if isinstance(event, AvailabilityChanged)]
    assert changed[0].answer["reason"] == "hours"
    # The form says when it opens again: that is told before it.
    assert changed[0].answer["says"]["en"]
    told = [type(event) for event in announced]
    assert told.index(AvailabilityChanged) < told.index(FormOffered)
    assert OutboxEntry.objects.live().get(kind=EDGE).available_at == at("2026-12-01T09:00")
    clock.move_to(at("2026-12-01T09:00"))
    answer(desk)
    work()
    assert fresh(waiting).form_offered == ""


def test_a_change_of_hours_is_told_at_once_and_arms_the_next_edge(desk: Desk, announced) -> None:
    announce_changes(now=timezone.now())
    keep(desk.brand, week=OFFICE | {"mon": [["14:00", "18:00"]]})
    work()
    changed = [event for event in announced if isinstance(event, AvailabilityChanged)]
    assert changed[-1].answer["says"]["en"] == "We are here today at 14:00"
    assert OutboxEntry.objects.live().get(kind=EDGE).available_at == at("2026-11-30T14:00")
    pass_edge({})
    assert OutboxEntry.objects.live().filter(kind=EDGE).count() == 1


def test_public_holidays_come_with_a_week_and_stay_as_somebody_left_them(desk: Desk) -> None:
    assert import_holidays(now=timezone.now()) == 0
    keep(desk.brand)
    rows = HoursDate.objects.current().filter(brand=desk.brand)
    assert rows.get(date="2027-01-01").open == []
    # The eve of the Republic's day is a Thursday: open as ever, until 13.00.
    assert rows.get(date="2027-10-28").open == [["09:00", "13:00"]]
    assert rows.get(date="2028-10-29").holiday
    listed = [
        GivenDate(row.date, row.name, row.open, True)
        for row in rows
        if str(row.date) != "2027-04-23"
    ]
    listed = [
        given._replace(open=[["10:00", "12:00"]]) if str(given.day) == "2027-01-01" else given
        for given in listed
    ]
    keep(desk.brand, dates=listed)
    keep(desk.brand, week=OFFICE | {"thu": [["10:00", "18:00"]]}, dates=listed)
    assert import_holidays(now=timezone.now()) == 0
    assert rows.get(date="2027-01-01").open == [["10:00", "12:00"]]
    assert not rows.filter(date="2027-04-23").exists()
    assert rows.get(date="2027-10-28").open == [["10:00", "13:00"]]


def test_always_open_has_no_public_holidays(desk: Desk) -> None:
    keep(desk.brand)
    assert HoursDate.objects.current().exists()
    keep(desk.brand, week=None)
    assert not HoursDate.objects.current().exists()
    assert answer(desk)["state"] == "online"


def test_an_edit_leaves_the_past_as_it_was(desk: Desk, clock) -> None:
    keep(desk.brand)
    clock.move_to(at("2026-12-01T12:00"))
    keep(desk.brand, week={day: [["09:00", "10:00"]] for day in OFFICE})
    assert HoursWeek.objects.count() == 2
    seconds = open_seconds(
        brand=desk.brand, team_id=None, start=at("2026-11-30T12:00"), end=at("2026-12-03T00:00")
    )
    assert seconds == (6 + 3 + 1) * 3600


def test_the_preview_says_what_the_widget_will_say(desk: Desk) -> None:
    keep(desk.brand)
    days = preview(desk.brand, days=7, now=timezone.now())
    said = [day.says["tr"] for day in days]
    assert said[0] == "Yarın 09.00'da buradayız"
    assert said[4] == "Pazartesi 09.00'da buradayız"
    assert said[6] == "Yarın 09.00'da buradayız"
    assert [day.open for day in days][5:] == [[], []]


def test_the_widget_is_told_with_its_session(desk: Desk, clock) -> None:
    keep(desk.brand)
    clock.move_to(at("2026-12-05T12:00"))
    found = open_widget(desk.brand).open().json()["availability"]
    assert found["reason"] == "hours"
    assert found["says"]["tr"] == "Pazartesi 09.00'da buradayız"


def test_hours_cost_no_statement_while_nobody_changes_them(desk: Desk) -> None:
    keep(desk.brand)
    answer(desk)
    brand = Brand.objects.get(pk=desk.brand.pk)
    with CaptureQueriesContext(
        connection,
    ) as spent:
        availability(brand, channel="web", now=timezone.now() + timedelta(seconds=1))
    assert len(spent) <= 7
    assert "hours" not in str(spent.captured_queries)
