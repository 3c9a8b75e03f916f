"""Workers are woken at once or when something is due, and nobody waits for a broker meanwhile."""

import os
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from config.outbox import effects, nudges, operations
from config.outbox.models import OutboxEntry
from config.outbox.registry import Registration
from tests.support import servers

pytestmark = pytest.mark.django_db(transaction=True)

Kinds = dict[str, Registration]


class Counting(nudges.Nudger):
    """Counts what it would send; each send waits until the test lets it go."""

    def __init__(self) -> None:
        super().__init__(Celery(broker="memory://"))
        self.sent: list[str] = []
        self.sending = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def _send(self, queue: str) -> None:
        self.sent.append(queue)
        self.sending.release()
        assert self.go_on.acquire(timeout=30)


def test_many_nudges_become_few_tasks() -> None:
    nudger = Counting()
    nudger.nudge("realtime")
    assert nudger.sending.acquire(timeout=30)
    for _ in range(1000):
        nudger.nudge("realtime")
    nudger.go_on.release()
    assert nudger.sending.acquire(timeout=30), "what came during the first send is told again"
    nudger.go_on.release()
    nudger.close()
    assert nudger.sent == ["realtime", "realtime"]


def test_a_nudge_neither_waits_nor_raises_without_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    nudger = nudges.Nudger(Celery(broker=f"redis://127.0.0.1:{servers.free_port()}/0"))
    send, trying, go_on = nudger._send, threading.Event(), threading.Event()

    def slow(queue: str) -> None:
        trying.set()
        assert go_on.wait(30)
        send(queue)

    monkeypatch.setattr(nudger, "_send", slow)
    for _ in range(1000):
        nudger.nudge("realtime")
    assert trying.wait(30)
    nudger.nudge("mail")
    # All the while the broker was being asked for.
    go_on.set()
    nudger.close()


def test_a_nudge_reaches_the_broker_again_after_it_was_away(redis_server: servers.Redis) -> None:
    nudger = nudges.Nudger(Celery(broker=redis_server.url))
    redis_server.stop()
    nudger.nudge("realtime")
    redis_server.start()
    deadline = time.monotonic() + 30
    with servers.redis_client.Redis(port=redis_server.port) as client:
        while not client.llen("realtime"):
            assert time.monotonic() < deadline
            nudger.nudge("realtime")
            # The broker tells nobody that a task arrived, short of running it.
            time.sleep(0.05)
    nudger.close()


def test_a_commit_nudges_and_a_rollback_does_not(
    kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[str] = []
    monkeypatch.setattr(operations, "nudge", nudged.append)
    with transaction.atomic():
        operations.enqueue(kind="note", key="a", payload={})
        assert nudged == []
    assert nudged == ["realtime"]
    with transaction.atomic():
        operations.enqueue(kind="note", key="b", payload={})
        transaction.set_rollback(True)
    assert nudged == ["realtime"]


def test_a_nudge_works_in_a_child_of_a_fork() -> None:
    nudger = Counting()
    nudger.nudge("realtime")
    assert nudger.sending.acquire(timeout=30)
    child = os.fork()
    if child == 0:
        # Nothing of pytest may run here.
        nudger.nudge("mail")
        ok = nudger.sending.acquire(timeout=30)
        os._exit(0 if ok else 1)
    nudger.go_on.release()
    nudger.close()
    assert os.waitpid(child, 0)[1] == 0


class Told(nudges.Nudger):
    """Keeps what it would send, and when."""

    def __init__(self) -> None:
        super().__init__(Celery(broker="memory://"))
        self.sent: list[tuple[str, float]] = []
        self.sending = threading.Semaphore(0)

    def _send(self, queue: str) -> None:
        self.sent.append((queue, time.monotonic()))
        self.sending.release()


def test_what_is_due_later_is_told_then_and_not_before() -> None:
    nudger, started = Told(), time.monotonic()
    nudger.nudge_in("media", 3600)
    nudger.nudge_in("mail", 0.6)
    nudger.nudge_in("realtime", 0.2)
    for _ in range(2):
        assert nudger.sending.acquire(timeout=30)
    nudger.close()
    (first, first_at), (second, second_at) = nudger.sent
    assert (first, second) == ("realtime", "mail")
    assert first_at - started >= 0.2
    assert second_at - started >= 0.6


def test_what_becomes_due_together_is_told_once() -> None:
    nudger = Told()
    for _ in range(1000):
        nudger.nudge_in("realtime", 3600)
    # A slot ends now and then.
    assert len(nudger._due) < 100
    nudger.close()


def test_what_is_due_far_away_takes_no_memory_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudges, "SLOTS_MAX", 10)
    nudger = Told()
    for n in range(100):
        nudger.nudge_in("realtime", 3600 + n)
    assert len(nudger._due) == len(nudger._planned) == 10
    nudger.close()


def test_an_effect_for_later_has_a_worker_woken_when_it_is_due(
    kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[Any] = []
    monkeypatch.setattr(operations, "nudge", lambda *wish: nudged.append(wish))
    operations.register("mail", lambda payload: None, queue="mail")
    at = timezone.now() + timedelta(seconds=8)
    with transaction.atomic():
        operations.enqueue(kind="mail", key="a", payload={}, available_at=at)
        assert nudged == []
    assert nudged == [("mail", at)]


def test_a_failure_has_a_worker_woken_for_the_next_try_and_none_after_the_last(
    kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[Any] = []
    monkeypatch.setattr(effects, "nudge", lambda *wish: nudged.append(wish))

    def fail(payload: dict[str, Any]) -> None:
        raise LookupError

    operations.register("mail", fail, queue="mail")
    operations.enqueue(kind="mail", key="a", payload={})
    operations.drain("mail")
    entry = OutboxEntry.objects.get()
    assert nudged == [("mail", entry.available_at)]
    OutboxEntry.objects.update(available_at=timezone.now(), attempts=7)
    operations.drain("mail")
    assert len(nudged) == 1


def test_a_task_may_take_as_long_as_its_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    celery = Celery(broker="memory://")
    sent: list[dict[str, Any]] = []
    told = threading.Event()

    def send_task(name: str, **options: Any) -> None:
        sent.append(options)
        told.set()

    monkeypatch.setattr(celery, "send_task", send_task)
    nudger = nudges.Nudger(celery)
    nudger.nudge("maintenance")
    assert told.wait(30)
    nudger.close()
    [options] = sent
    assert options["queue"] == "maintenance"
    assert options["soft_time_limit"] == settings.QUEUES["maintenance"] < options["time_limit"]
