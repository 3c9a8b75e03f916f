"""Many pushes at once: what is read is shared, and a service that answers is waited for."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from automation.models import Delivery
from automation.notifications import doors
from automation.notifications.looking import look_at
from automation.notifications.together import Together
from tests.automation.notifications import register, say, taken
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
    assert len(together) == len(alone) <= 6


def test_who_comes_while_another_is_at_work_shares_the_next_call():
    begun, go_on = threading.Event(), threading.Event()
    batches: list[list[int]] = []

    def look(keys: list[int]) -> dict[int, str]:
        batches.append(keys)
        begun.set()
        assert go_on.wait(10)
        return {key: str(key) for key in keys if key != 3}

    ask, found = Together(look), {}
    threads = [
        threading.Thread(target=lambda key=key: found.update({key: ask(key)})) for key in range(5)
    ]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(ask._waiting) < 4:
        threads[1].join(0.01)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert (batches[0], sorted(batches[1])) == ([0], [1, 2, 3, 4])
    assert found == {0: "0", 1: "1", 2: "2", 3: None, 4: "4"}


def test_what_fails_for_all_is_told_to_each_and_the_next_call_works():
    answers = [LookupError(), None]

    def look(keys: list[int]) -> dict[int, int]:
        if error := answers.pop(0):
            raise error
        return {key: key for key in keys}

    ask = Together(look)
    with pytest.raises(LookupError):
        ask(1)
    assert ask(1) == 1


def test_a_service_that_answers_is_waited_for_and_one_that_hangs_is_not(monkeypatch):
    monkeypatch.setattr(doors, "IN_FLIGHT", 1)
    monkeypatch.setattr(doors, "PATIENCE", 30.0)
    entered = threading.Event()

    def follow() -> None:
        with doors.through("push.example") as is_in:
            assert is_in
            entered.set()

    with doors.through("push.example") as is_in:
        assert is_in
        thread = threading.Thread(target=follow)
        thread.start()
        # Another service is free.
        with doors.through("other.example") as is_other:
            assert is_other
        assert not entered.is_set()
    assert entered.wait(10)
    thread.join(10)
    with doors.through("push.example"):
        monkeypatch.setattr(doors, "PATIENCE", 0.0)
        with doors.through("push.example") as is_second:
            assert not is_second
    assert doors._doors == {}
