"""Workers die, compete and lose their broker; no effect is lost, none runs twice at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from config.outbox import nudges, operations
from config.outbox.models import OutboxEntry
from config.outbox.registry import Registration
from tests.support import servers

pytestmark = pytest.mark.django_db(transaction=True)

Kinds = dict[str, Registration]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Where processes write which effects they did."""
    path = tmp_path / "journal"
    path.touch()
    return path


def start(mode: str, journal: Path) -> subprocess.Popen[bytes]:
    """Start a process on this test's database."""
    to = connection.settings_dict
    database = (
        f"sqlite:///{to['NAME']}"
        if connection.vendor == "sqlite"
        else "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**to)
    )
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.outbox_process", mode, str(journal)],
        cwd=servers.ROOT,
        env=servers.environment(
            {
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "DATABASE_URL": database,
                "DATA_DIR": str(settings.DATA_DIR),
            }
        ),
    )


def rows(count: int, kind: str = "note") -> None:
    """Write effects down."""
    now = timezone.now()
    OutboxEntry.objects.bulk_create(
        OutboxEntry(kind=kind, key=f"{kind}:{n}", payload={"n": n}, available_at=now)
        for n in range(count)
    )


def in_threads(count: int, work: Callable[[], None]) -> None:
    """Run `work` in that many threads at the same moment."""
    barrier = threading.Barrier(count)
    errors: list[BaseException] = []

    def run() -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_an_effect_survives_a_kill_between_commit_and_publish(journal: Path) -> None:
    assert start("commit-and-die", journal).wait(60) == -signal.SIGKILL
    assert start("drain", journal).wait(60) == 0
    assert journal.read_text().split() == ["1"]
    assert OutboxEntry.objects.get().done_at is not None


def test_an_effect_survives_a_kill_of_its_worker(journal: Path) -> None:
    rows(1)
    assert start("die-at-work", journal).wait(60) == -signal.SIGKILL
    assert start("drain", journal).wait(60) == 0
    assert journal.read_text().split() == ["0"], "the lease of the dead worker still runs"
    OutboxEntry.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert start("drain", journal).wait(60) == 0
    assert journal.read_text().split() == ["0", "0"]
    entry = OutboxEntry.objects.get()
    assert entry.done_at is not None
    assert entry.attempts == 2


def test_two_worker_processes_never_do_the_same_row(journal: Path) -> None:
    rows(500)
    workers = [start("drain", journal) for _ in range(2)]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    assert sorted(int(n) for n in journal.read_text().split()) == list(range(500))
    assert set(OutboxEntry.objects.values_list("attempts", flat=True)) == {1}


def test_competing_claims_are_disjoint(kinds: Kinds) -> None:
    rows(120)
    claimed: list[int] = []
    in_threads(
        6,
        lambda: claimed.extend(
            claim.pk for claim in operations.claim(limit=20, now=timezone.now())
        ),
    )
    assert max(Counter(claimed).values()) == 1
    # With SKIP LOCKED a claim may overlook rows that another is just taking; never the reverse.
    assert len(claimed) == 120 or connection.vendor == "postgresql"


def test_one_drain_a_process_works_and_a_call_during_it_is_not_lost(kinds: Kinds) -> None:
    working, go_on = threading.Event(), threading.Event()
    seen: list[tuple[int, int]] = []

    def note(payload: dict[str, Any]) -> None:
        seen.append((payload["n"], threading.get_ident()))
        if payload["n"] == 0:
            working.set()
            assert go_on.wait(30)

    operations.register("note", note)
    rows(1)

    def first() -> None:
        operations.drain()
        connection.close()

    drain = threading.Thread(target=first)
    drain.start()
    assert working.wait(30)
    operations.enqueue(kind="note", key="note:1", payload={"n": 1})
    assert operations.drain() == 0, "another thread of this process drains already"
    go_on.set()
    drain.join(30)
    assert [n for n, _ in seen] == [0, 1]
    assert {thread for _, thread in seen} == {drain.ident}


def test_a_hanging_effect_of_a_slow_queue_holds_up_nobody(kinds: Kinds) -> None:
    hanging, go_on, seen = threading.Event(), threading.Event(), []

    def mail(payload: dict[str, Any]) -> None:
        hanging.set()
        assert go_on.wait(30)

    operations.register("mail", mail, queue="mail")
    operations.register("note", lambda payload: seen.append(payload["n"]))
    rows(1, "mail")
    rows(1, "note")

    def drain_mail() -> None:
        operations.drain("mail")
        connection.close()

    thread = threading.Thread(target=drain_mail)
    thread.start()
    assert hanging.wait(30)
    assert operations.drain() == 1
    assert seen == [0]
    go_on.set()
    thread.join(30)


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


def test_a_nudge_neither_waits_nor_raises_without_a_broker() -> None:
    nudger = nudges.Nudger(Celery(broker=f"redis://127.0.0.1:{servers.free_port()}/0"))
    started = time.monotonic()
    for _ in range(1000):
        nudger.nudge("realtime")
    assert time.monotonic() - started < 0.5
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
        ok = nudger.sending.acquire(timeout=10)
        os._exit(0 if ok else 1)
    nudger.go_on.release()
    nudger.close()
    assert os.waitpid(child, 0)[1] == 0
