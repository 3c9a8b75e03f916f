"""A queue does several effects at once or one by one, and keeps what it has begun."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.outbox import draining as lanes
from config.outbox import leases, operations
from config.outbox.models import OutboxEntry
from config.outbox.registry import Registration
from tests.config.outbox.work import enqueue

pytestmark = pytest.mark.django_db(transaction=True)

Kinds = dict[str, Registration]
# Renewed every 0.2 s.
SHORT = timedelta(seconds=0.6)


def rows(count: int, kind: str, first: int = 0) -> None:
    """Write effects down."""
    now = timezone.now()
    OutboxEntry.objects.bulk_create(
        OutboxEntry(kind=kind, key=f"{kind}:{n}", payload={"n": n}, available_at=now)
        for n in range(first, first + count)
    )


def rows_of(hosts: str) -> None:
    """Write an effect down for each of these hosts."""
    rows(len(hosts), "push")
    for row in OutboxEntry.objects.all():
        row.payload["host"] = hosts[row.payload["n"]]
        row.save()


@contextmanager
def draining(queue: str) -> Iterator[threading.Thread]:
    """Drain a queue in a thread, which has ended when the block has."""

    def work() -> None:
        operations.drain(queue)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(30)
        assert not thread.is_alive()


class Hanging:
    """A handler whose effect 0 hangs until it is told to go on."""

    def __init__(self) -> None:
        self.hangs = threading.Event()
        self.go_on = threading.Event()
        self.done: list[int] = []
        self.did = threading.Semaphore(0)

    def __call__(self, payload: dict[str, Any]) -> None:
        if payload["n"] == 0:
            self.hangs.set()
            assert self.go_on.wait(30)
        self.done.append(payload["n"])
        self.did.release()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """Let nothing hang after the test."""
    handler = Hanging()
    yield handler
    handler.go_on.set()


@pytest.fixture
def renewed(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that waits for so many renewals of leases."""
    renewals = threading.Semaphore(0)
    renew = leases.renew

    def count(*args: Any, **options: Any) -> None:
        renew(*args, **options)
        renewals.release()

    def wait(times: int) -> None:
        for _ in range(times):
            assert renewals.acquire(timeout=30)

    monkeypatch.setattr(leases, "renew", count)
    return wait


def test_a_parallel_queue_does_so_many_effects_at_the_same_time_and_no_more(kinds: Kinds) -> None:
    together, at_work, most = threading.Barrier(3), [], []

    def push(payload: dict[str, Any]) -> None:
        at_work.append(payload["n"])
        most.append(len(at_work))
        together.wait(30)
        at_work.remove(payload["n"])
        # So that nobody of the next three begins before all of these have ended.
        together.wait(30)

    operations.register("push", push, queue="push", parallel=3)
    rows(9, "push")
    assert operations.drain("push") == 9
    assert not OutboxEntry.objects.filter(done_at=None).exists()
    assert max(most) == 3
    assert set(OutboxEntry.objects.values_list("attempts", flat=True)) == {1}


def test_a_queue_that_is_not_parallel_keeps_the_order_in_one_thread(kinds: Kinds) -> None:
    seen: list[tuple[int, int]] = []
    operations.register("push", lambda payload: None, queue="push", parallel=3)
    operations.register("note", lambda payload: seen.append((payload["n"], threading.get_ident())))
    rows(20, "note")
    operations.drain()
    assert [n for n, _ in seen] == list(range(20))
    assert {thread for _, thread in seen} == {threading.get_ident()}


def test_a_failing_effect_of_a_parallel_queue_comes_back_alone(kinds: Kinds) -> None:
    def push(payload: dict[str, Any]) -> None:
        if payload["n"] == 1:
            raise LookupError

    operations.register("push", push, queue="push", parallel=2)
    rows(3, "push")
    operations.drain("push")
    [left] = OutboxEntry.objects.filter(done_at=None)
    assert left.key == "push:1"
    assert (left.attempts, left.lease_until, left.holder) == (1, None, None)


@pytest.mark.parametrize(
    ("parallel", "hosts", "together"),
    [
        (2, "ababababa", [[0, 2, 4], [1, 3, 5], [6, 8], [7]]),
        # One by one they keep their order: what stands between them ends the call.
        (1, "aaaaabbab", [[0, 1, 2], [3, 4], [5, 6], [7], [8]]),
    ],
)
def test_effects_that_are_alike_are_done_by_one_call_and_after_a_failure_alone(
    kinds: Kinds, parallel: int, hosts: str, together: list[list[int]]
) -> None:
    calls: list[list[int]] = []
    failing = together[0][-1]

    def push(payloads: list[dict[str, Any]]) -> None:
        calls.append([payload["n"] for payload in payloads])
        if failing in calls[-1]:
            raise LookupError

    many = {"together": 3, "queue": "push", "parallel": parallel, "label": "Push"}
    operations.register_together("push", push, alike=lambda payload: payload["host"], **many)
    rows_of(hosts)
    assert operations.drain("push") == 9
    assert (calls if parallel == 1 else sorted(calls)) == sorted(together)
    assert OutboxEntry.objects.filter(done_at=None).count() == 3
    OutboxEntry.objects.update(available_at=timezone.now())
    del calls[:]
    operations.drain("push")
    assert sorted(calls) == [[n] for n in together[0]]
    assert OutboxEntry.objects.get(done_at=None).payload["n"] == failing


def test_who_fails_with_others_is_alone_to_be_tried_again(kinds: Kinds) -> None:
    """The others are done at once: nobody waits for the next try of somebody else."""
    calls: list[list[int]] = []

    def hear(payloads: list[dict[str, Any]]) -> None:
        calls.append([payload["n"] for payload in payloads])
        if 1 in calls[-1]:
            raise operations.Apart if len(payloads) > 1 else LookupError

    many = {"together": 3, "queue": "push", "label": "Push"}
    operations.register_together("push", hear, alike=lambda payload: payload["host"], **many)
    rows_of("aaab")
    assert operations.drain("push") == 4
    assert calls == [[0, 1, 2], [0], [1], [2], [3]]
    left = OutboxEntry.objects.get(done_at=None)
    assert (left.payload["n"], left.attempts) == (1, 1)
    assert left.last_error.startswith("LookupError")


def test_what_goes_ahead_waits_for_the_call_at_work_and_not_for_the_batch(
    kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "AHEAD_SECONDS", 0.0)
    order: list[str] = []

    def hear(payload: dict[str, Any]) -> None:
        order.append(f"word {payload['n']}")
        if payload["n"] == 1:
            # Committed while the worker is within its batch.
            enqueue(7, "routing")
            enqueue(8, "routing")

    operations.register("word", hear)
    operations.register(
        "routing", lambda payload: order.append(f"routing {payload['n']}"), ahead=True
    )
    rows(4, "word")
    assert operations.drain() == 6
    assert order == ["word 0", "word 1", "routing 7", "routing 8", "word 2", "word 3"]
    assert not OutboxEntry.objects.filter(done_at=None).exists()


def test_a_worker_does_not_ask_after_each_effect_what_goes_ahead(kinds: Kinds) -> None:
    operations.register("word", lambda payload: None)
    operations.register("routing", lambda payload: None, ahead=True)
    rows(4, "word")
    with CaptureQueriesContext(connection) as captured:
        operations.drain()
    assert len([each for each in captured if "SET attempts" in each["sql"]]) == 1


def test_a_hanging_effect_keeps_one_place_of_a_parallel_queue(
    kinds: Kinds, hanging: Hanging
) -> None:
    operations.register("push", hanging, queue="push", parallel=2)
    rows(5, "push")
    with draining("push"):
        assert hanging.hangs.wait(30)
        for _ in range(4):
            assert hanging.did.acquire(timeout=30)
        # What comes later is done beside it, too, and nobody else is kept waiting for it.
        rows(3, "push", first=5)
        operations.drain("push")
        for _ in range(3):
            assert hanging.did.acquire(timeout=30)
        hanging.go_on.set()
    assert sorted(hanging.done) == list(range(8))
    assert not OutboxEntry.objects.filter(done_at=None).exists()


def test_what_becomes_due_while_an_effect_hangs_is_done_without_another_call(
    kinds: Kinds, hanging: Hanging
) -> None:
    """A worker process that does one task at a time has nobody else who could drain."""
    operations.register("push", hanging, queue="push", parallel=4)
    rows(1, "push")
    with draining("push"):
        assert hanging.hangs.wait(30)
        rows(3, "push", first=1)
        for _ in range(3):
            assert hanging.did.acquire(timeout=30)
        assert sorted(hanging.done) == [1, 2, 3]
        hanging.go_on.set()


@pytest.mark.parametrize("at_most_once", [False, True])
def test_what_takes_turns_keeps_its_order_and_holds_up_nothing_else(
    kinds: Kinds, hanging: Hanging, at_most_once: bool
) -> None:
    operations.register(
        "send", hanging, queue="mail", at_most_once=at_most_once, parallel=3, in_turn="server"
    )
    rows(9, "send")
    for row in OutboxEntry.objects.filter(key__in=["send:0", "send:1", "send:2"]):
        row.payload["server"] = "slow.example"
        row.save()
    with draining("mail"):
        assert hanging.hangs.wait(30)
        for _ in range(6):
            assert hanging.did.acquire(timeout=30)
        assert operations.drain("mail") == 0
        behind = OutboxEntry.objects.filter(key__in=["send:1", "send:2"])
        assert list(behind.values_list("attempts", "lease_until")) == [(0, None)] * 2
        hanging.go_on.set()
    # Those of nobody in particular follow one another as well.
    assert hanging.done == [3, 4, 5, 6, 7, 8, 0, 1, 2]
    assert set(OutboxEntry.objects.values_list("attempts", flat=True)) == {1}
    assert not OutboxEntry.objects.filter(done_at=None).exists()


def test_a_hanging_queue_holds_up_no_other(kinds: Kinds, hanging: Hanging) -> None:
    seen: list[int] = []
    operations.register("mail", hanging, queue="mail")
    operations.register("note", lambda payload: seen.append(payload["n"]))
    rows(2, "mail")
    rows(1, "note")
    with draining("mail"):
        assert hanging.hangs.wait(30)
        assert operations.drain("mail") == 0, "the queue has a thread already"
        assert operations.drain() == 1
        assert seen == [0]
        hanging.go_on.set()
    assert hanging.done == [0, 1]


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_long_effect_that_must_not_repeat_is_not_in_doubt_while_it_runs(
    kinds: Kinds, hanging: Hanging, renewed: Callable[[int], None], parallel: int
) -> None:
    operations.register(
        "send", hanging, queue="mail", at_most_once=True, lease=SHORT, parallel=parallel
    )
    rows(1, "send")
    with draining("mail"):
        assert hanging.hangs.wait(30)
        for _ in range(5):
            renewed(1)
            assert operations.claim(now=timezone.now(), queue="mail") == []
        hanging.go_on.set()
    entry = OutboxEntry.objects.get()
    assert entry.done_at is not None
    assert (entry.dead_at, entry.attempts, entry.last_error) == (None, 1, "")


def test_what_was_done_before_a_long_effect_is_not_done_again_meanwhile(
    kinds: Kinds, hanging: Hanging, renewed: Callable[[int], None]
) -> None:
    operations.register("note", hanging, lease=SHORT)
    rows(1, "note", first=1)
    rows(1, "note")
    with draining("realtime"):
        assert hanging.hangs.wait(30)
        renewed(5)
        assert operations.claim(now=timezone.now()) == []
        hanging.go_on.set()
    assert hanging.done == [1, 0]
    assert set(OutboxEntry.objects.values_list("attempts", flat=True)) == {1}


def test_what_ended_is_not_renewed_any_more(kinds: Kinds) -> None:
    def fail(payload: dict[str, Any]) -> None:
        raise LookupError

    operations.register("fail", fail)
    operations.register("note", lambda payload: None)
    operations.register("push", lambda payload: None, queue="push", parallel=2)
    for kind in ("fail", "note", "push"):
        rows(3, kind)
    operations.drain()
    operations.drain("push")
    assert leases.keeper._held == {}


def test_a_renewal_that_fails_is_tried_again(
    kinds: Kinds,
    hanging: Hanging,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried, renew = threading.Semaphore(0), leases.renew
    failures = iter([True])

    def fail_once(*args: Any, **options: Any) -> None:
        if next(failures, False):
            raise OSError("no database")
        renew(*args, **options)
        tried.release()

    monkeypatch.setattr(leases, "renew", fail_once)
    monkeypatch.setattr(leases, "BACK_OFF", 0.05)
    operations.register("note", hanging, lease=timedelta(seconds=3))
    rows(1, "note")
    with draining("realtime"):
        assert hanging.hangs.wait(30)
        before = OutboxEntry.objects.get().lease_until
        assert tried.acquire(timeout=30)
        after = OutboxEntry.objects.get().lease_until
        assert before is not None
        assert after is not None
        assert after > before
        hanging.go_on.set()
