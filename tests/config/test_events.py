"""An event leaves by two doors, and by none when its transaction is rolled back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config import events
from config.events import Delivery, Event, publish, react_to
from config.outbox import operations
from config.outbox.models import OutboxEntry
from config.outbox.registry import Registration

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, kw_only=True)
class Rang(Event):
    """A fact of these tests."""

    name: ClassVar[str] = "test.rang"
    number: int

    def deliveries(self) -> Iterable[Delivery]:
        """Tell one group."""
        return [Delivery("desk.1", {"type": "live.frames", "frames": [self.number]})]


@dataclass(frozen=True, kw_only=True)
class Blinked(Rang):
    """Only screens care."""

    name: ClassVar[str] = "test.blinked"
    durable: ClassVar[bool] = False


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What sockets would hear."""
    deliveries: list[Any] = []
    monkeypatch.setattr(events, "announce", deliveries.extend)
    monkeypatch.setattr(events, "_reactions", {})
    monkeypatch.setattr(events, "_reactions_to_many", {})
    return deliveries


def test_sockets_hear_it_after_the_commit_and_workers_react(heard: list[Any]) -> None:
    reacted: list[Any] = []
    react_to(Rang, reacted.append)
    with transaction.atomic():
        publish(Rang(number=7))
        assert heard == []
    assert heard == [("desk.1", {"type": "live.frames", "frames": [7]})]
    operations.drain()
    assert reacted == [{"number": 7}]


def test_a_rolled_back_event_is_heard_by_nobody(heard: list[Any]) -> None:
    with transaction.atomic():
        publish(Rang(number=7))
        transaction.set_rollback(True)
    assert heard == []
    assert not OutboxEntry.objects.exists()


def test_publishing_is_one_insert_and_one_callback(heard: list[Any]) -> None:
    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured:
            publish(Rang(number=7))
        [insert] = captured
        assert "INSERT INTO outbox_outboxentry" in insert["sql"]
        assert len(connection.run_on_commit) == 1


def test_events_told_together_are_one_insert_and_heard_in_their_order(heard: list[Any]) -> None:
    reacted: list[Any] = []
    react_to(Rang, reacted.append)
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        publish(Rang(number=1), Blinked(number=2), Rang(number=3))
    assert sum("INSERT" in each["sql"] for each in asked.captured_queries) == 1
    assert [content["frames"] for _group, content in heard] == [[1], [2], [3]]
    operations.drain()
    assert reacted == [{"number": 1}, {"number": 3}]


def test_a_fact_for_screens_only_writes_no_row(heard: list[Any]) -> None:
    publish(Blinked(number=7))
    assert len(heard) == 1
    assert not OutboxEntry.objects.exists()


def test_an_event_without_reactions_is_done_by_the_first_drain(heard: list[Any]) -> None:
    publish(Rang(number=7))
    operations.drain()
    assert OutboxEntry.objects.get().done_at is not None


def test_one_failing_reaction_does_not_keep_the_others_from_theirs(heard: list[Any]) -> None:
    reacted: list[Any] = []

    def fail(data: dict[str, Any]) -> None:
        raise LookupError

    react_to(Rang, fail)
    react_to(Rang, reacted.append)
    publish(Rang(number=7))
    operations.drain()
    assert reacted == [{"number": 7}]
    assert OutboxEntry.objects.get().last_error.startswith("LookupError")


def test_registering_a_reaction_twice_calls_it_once(heard: list[Any]) -> None:
    reacted: list[Any] = []
    react_to(Rang, reacted.append)
    react_to(Rang, reacted.append)
    publish(Rang(number=7))
    operations.drain()
    assert len(reacted) == 1


def test_a_reaction_on_a_queue_of_its_own_neither_repeats_nor_delays_the_others(
    heard: list[Any], kinds: dict[str, Registration]
) -> None:
    routed: list[Any] = []

    def push(payload: dict[str, Any]) -> None:
        raise ConnectionRefusedError

    def have_pushed(fact: dict[str, Any]) -> None:
        operations.enqueue(kind="push", key=f"push:{fact['number']}", payload=fact)

    events.register_events()
    operations.register("push", push, queue="push")
    react_to(Rang, have_pushed)
    react_to(Rang, routed.append)
    publish(Rang(number=7))
    operations.drain()
    operations.drain("push")
    OutboxEntry.objects.update(available_at=timezone.now())
    operations.drain()
    assert routed == [{"number": 7}]
    failed = OutboxEntry.objects.get(done_at=None)
    assert (failed.key, failed.attempts) == ("push:7", 1)
