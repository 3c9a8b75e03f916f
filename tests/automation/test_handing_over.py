"""Many pushes at once: what is read and written is shared, and who answers is waited for."""

import math
import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automation.models import Delivery
from automation.notifications import in_flight, sending
from automation.notifications.looking import look_at
from automation.notifications.policy import SILENT_TEST
from automation.notifications.sending import send_deliveries
from automation.notifications.telling import tell_devices
from config.outbox.models import OutboxEntry
from tests.automation.notifications import register, say, states, taken, told, work_pushes
from tests.support.desk import fresh, work


@pytest.mark.django_db
def test_looking_at_many_deliveries_costs_as_many_statements_as_at_one(service, ringing_desk):
    chats = [taken(ringing_desk) for _ in range(2)]
    for number in range(3):
        register(chats[0].assignee, service.browser(str(number)))
    for chat in chats:
        say(fresh(chat), "Merhaba")
    work()
    pks = list(Delivery.objects.filter(state="waiting").values_list("pk", flat=True))
    assert len(pks) == 6
    with CaptureQueriesContext(connection) as alone:
        look_at(pks[-1:])
    with CaptureQueriesContext(connection) as together:
        assert set(look_at(pks)) == set(pks)
    assert len(together) == len(alone) <= 8


@pytest.mark.django_db
def test_pushes_of_one_service_are_handed_over_at_one_time_by_the_statements_of_one(
    service, ringing_desk, monkeypatch
):
    # However slowly the service answers, all is written down together.
    monkeypatch.setattr(sending, "_GATHER", 60.0)

    def statements(words: int) -> int:
        for number in range(words):
            say(fresh(chats[number]), "Merhaba")
        work()
        rows = OutboxEntry.objects.live().filter(kind="automation.push").order_by("pk")
        effects = [row.payload for row in rows]
        with CaptureQueriesContext(connection) as asked:
            send_deliveries(effects)
        rows.update(done_at=timezone.now())
        return len(asked)

    chats = [taken(ringing_desk) for _ in range(4)]
    browsers = [service.browser(str(number)) for number in range(2)]
    for browser in browsers:
        register(chats[0].assignee, browser)
    # The first reads what stays in memory, and the second is the first that may be withdrawn.
    statements(4)
    assert statements(4) == statements(1)
    assert [len(browser.got) for browser in browsers] == [9, 9]
    assert set(states()) == {"sent"}


@pytest.mark.django_db
def test_a_test_of_devices_is_silent_first_also_where_both_are_due_together(service, ringing_desk):
    browser = service.browser()
    device = register(ringing_desk.agents[0], browser)
    for key in (f"{SILENT_TEST}1", "test:1"):
        tell_devices(devices=[device], notice="", key=key, now=timezone.now())
    due = list(OutboxEntry.objects.live().filter(kind="automation.push").order_by("-pk"))
    send_deliveries([row.payload for row in due])
    assert [each["options"]["silent"] for each in browser.got] == [True, False]


@pytest.mark.django_db
def test_what_was_put_off_behind_a_push_is_due_as_soon_as_that_was_taken(service, ringing_desk):
    chat = taken(ringing_desk)
    browser = service.browser()
    register(chat.assignee, browser)
    for text in ("Bir", "İki"):
        say(fresh(chat), text)
    work()
    pushes = OutboxEntry.objects.live().filter(kind="automation.push").order_by("pk")
    first, second = pushes
    pushes.filter(pk=second.pk).update(done_at=timezone.now())
    # Looked at so often that its pause is long by now.
    send_deliveries([second.payload | {"turn": 9}])
    assert not pushes.filter(payload__turn=10, available_at__lte=timezone.now()).exists()
    send_deliveries([first.payload])
    assert pushes.filter(payload__turn=10, available_at__lte=timezone.now()).count() == 1
    pushes.filter(pk=first.pk).update(done_at=timezone.now())
    work_pushes()
    assert [body for _notice, body in told(browser)] == ["Vera: Bir", "Vera: İki"]


@pytest.mark.django_db
def test_words_in_line_for_a_device_are_handed_over_in_order_by_one_call_that_succeeds(
    service, ringing_desk
):
    chat = taken(ringing_desk)
    browser = service.browser()
    register(chat.assignee, browser)
    for text in ("Bir", "İki", "Üç"):
        say(fresh(chat), text)
    work()
    rows = list(OutboxEntry.objects.live().filter(kind="automation.push").order_by("-pk"))
    browser.answers.append(503)
    send_deliveries([row.payload for row in rows])
    # Behind a word that comes again later nobody goes ahead.
    assert (told(browser), states()) == ([], ["waiting"] * 3)
    OutboxEntry.objects.filter(pk__in=[row.pk for row in rows]).update(done_at=timezone.now())
    again = OutboxEntry.objects.live().filter(kind="automation.push").order_by("-pk")
    assert {row.payload["turn"] for row in again} == {1}
    send_deliveries([row.payload for row in again])
    assert [body for _notice, body in told(browser)] == ["Vera: Bir", "Vera: İki", "Vera: Üç"]
    assert states() == ["sent"] * 3


@pytest.mark.django_db
def test_a_push_that_hangs_keeps_those_handed_over_with_it_from_nothing(
    service, ringing_desk, monkeypatch
):
    monkeypatch.setattr(sending, "_GATHER", 0.0)
    chat = taken(ringing_desk)
    browsers = [service.browser(str(number)) for number in range(2)]
    for browser in browsers:
        register(chat.assignee, browser)
    browsers[0].answers.append("hang")
    noted = sending._note_sent

    def note(looks: Any) -> None:
        noted(looks)
        # Only then does the other one answer.
        service.let_go.set()

    monkeypatch.setattr(sending, "_note_sent", note)
    say(fresh(chat), "Merhaba")
    work()
    rows = OutboxEntry.objects.live().filter(kind="automation.push").order_by("pk")
    send_deliveries([row.payload for row in rows])
    assert states() == ["waiting", "sent"]
    assert [len(browser.got) for browser in browsers] == [0, 1]


def test_a_service_that_answers_is_waited_for_and_one_that_hangs_is_not(monkeypatch):
    monkeypatch.setattr(in_flight, "IN_FLIGHT", 1)
    monkeypatch.setattr(in_flight, "PATIENCE", 60.0)
    monkeypatch.setattr(in_flight, "STAYS", 60.0)
    entered = threading.Event()

    def follow() -> None:
        with in_flight.through("push.example") as is_in:
            assert is_in
            entered.set()

    with in_flight.through("push.example") as is_in:
        assert is_in
        thread = threading.Thread(target=follow)
        thread.start()
        # Another service is free.
        with in_flight.through("other.example") as is_other:
            assert is_other
        assert not entered.is_set()
    assert entered.wait(60)
    thread.join(60)
    with in_flight.through("push.example"):
        monkeypatch.setattr(in_flight, "PATIENCE", 0.0)
        with in_flight.through("push.example") as is_second:
            assert not is_second
    assert in_flight._doors == {}


@pytest.mark.django_db
def test_a_service_is_waited_for_as_long_as_it_answers_though_a_call_takes_long(
    service, ringing_desk, monkeypatch
):
    monkeypatch.setattr(in_flight, "IN_FLIGHT", 1)
    monkeypatch.setattr(in_flight, "PATIENCE", 60.0)
    monkeypatch.setattr(in_flight, "STAYS", 60.0)
    chat = taken(ringing_desk)
    register(chat.assignee, service.browser("elif"))
    say(fresh(chat), "Merhaba")
    work()
    [row] = OutboxEntry.objects.live().filter(kind="automation.push")
    host, entered, noted = row.payload["host"], threading.Event(), sending._note_sent

    def follow() -> None:
        with in_flight.through(host) as is_in:
            if is_in:
                entered.set()

    def note(looks: Any) -> None:
        thread.start()
        while thread.is_alive() and not in_flight._doors[host].waiting:
            thread.join(0.01)
        noted(looks)

    def begin_late(pks: Any) -> None:
        # As if the call had begun long ago.
        in_flight._doors[host].moved_at = -math.inf

    thread = threading.Thread(target=follow)
    monkeypatch.setattr(sending, "_begin", begin_late)
    monkeypatch.setattr(sending, "_note_sent", note)
    send_deliveries([row.payload])
    thread.join(60)
    assert entered.is_set()
