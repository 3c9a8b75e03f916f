"""Workers die, compete and lose their broker; no effect is lost, none runs twice at once."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from config.outbox import operations
from config.outbox.models import OutboxEntry
from config.outbox.registry import Registration
from tests.support import servers
from tests.support.processes import process_environment

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
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.outbox_process", mode, str(journal)],
        cwd=servers.ROOT,
        env=process_environment(),
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
