"""Writers of one SQLite file stand in one fair line, and nobody can leave the gate shut."""

import gc
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, OperationalError
from django.utils import timezone

from config.database.sqlite.base import DatabaseWrapper
from config.database.sqlite.gate import Gate, gate_of
from config.outbox.models import OutboxEntry
from config.settings import DATA_DIR

# Most of these tests use a file of their own; the mark only lifts pytest-django's ban.
pytestmark = pytest.mark.django_db


@pytest.fixture
def new_connection() -> Iterator[Callable[[], DatabaseWrapper]]:
    """Makes connections to a SQLite file of this test's own, whatever the suite's database is."""
    path = DATA_DIR / f"gate-{time.monotonic_ns()}.sqlite3"
    made: list[DatabaseWrapper] = []

    def connect(timeout: float = 20) -> DatabaseWrapper:
        wrapper = DatabaseWrapper(
            {
                "ENGINE": "config.database.sqlite",
                "NAME": str(path),
                "AUTOCOMMIT": True,
                "ATOMIC_REQUESTS": False,
                "CONN_MAX_AGE": None,
                "CONN_HEALTH_CHECKS": False,
                "TIME_ZONE": None,
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": timeout,
                    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
                },
                "TEST": {"NAME": None},
            },
            alias=f"gate{len(made)}",
        )
        wrapper.inc_thread_sharing()
        made.append(wrapper)
        return wrapper

    run(connect(), "CREATE TABLE t (n INTEGER PRIMARY KEY, who TEXT)")
    yield connect
    for wrapper in made:
        wrapper.close()


def run(wrapper: DatabaseWrapper, sql: str, *params: Any) -> Any:
    """Execute one statement."""
    with wrapper.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else None


def begin(wrapper: DatabaseWrapper) -> None:
    """What the outermost `atomic` does."""
    wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def end(wrapper: DatabaseWrapper) -> None:
    """And at its end."""
    wrapper.commit()
    wrapper.set_autocommit(True)


def is_open(wrapper: DatabaseWrapper) -> bool:
    """Whether a writer would be let in at once."""
    gate = gate_of(str(wrapper.settings_dict["NAME"]))
    if entered := gate.enter(timeout=0.05):
        gate.leave()
    return entered


Connect = Callable[..., DatabaseWrapper]


def test_sixteen_threads_write_without_a_lock_error_and_wait_alike(
    new_connection: Connect,
) -> None:
    waits: dict[int, list[float]] = {}
    errors: list[BaseException] = []
    barrier = threading.Barrier(16)

    def write(number: int) -> None:
        wrapper = new_connection()
        waits[number] = []
        barrier.wait()
        try:
            for turn in range(25):
                started = time.monotonic()
                if turn % 2:
                    run(wrapper, "INSERT INTO t (who) VALUES (%s)", number)
                else:
                    begin(wrapper)
                    run(wrapper, "INSERT INTO t (who) VALUES (%s)", number)
                    end(wrapper)
                waits[number].append(time.monotonic() - started)
        except BaseException as error:
            errors.append(error)
        wrapper.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    assert run(new_connection(), "SELECT count(*) FROM t") == [(400,)]
    # In a fair line nobody waits much longer than the others, however slow the disk is.
    everyone = [wait for own in waits.values() for wait in own]
    means = [statistics.mean(own) for own in waits.values()]
    assert max(means) < 3 * statistics.mean(everyone)


def test_the_line_is_first_come_first_served() -> None:
    gate = Gate()
    assert gate.enter(timeout=1)
    order: list[int] = []
    threads = []
    for number in range(10):
        waiting = len(gate._line)

        def stand(number: int = number) -> None:
            assert gate.enter(timeout=30)
            order.append(number)
            gate.leave()

        threads.append(threading.Thread(target=stand))
        threads[-1].start()
        while len(gate._line) == waiting:
            time.sleep(0.001)
    gate.leave()
    for thread in threads:
        thread.join(30)
    assert order == list(range(10))


def test_who_runs_out_of_patience_leaves_the_line() -> None:
    gate = Gate()
    assert gate.enter(timeout=1)
    assert not gate.enter(timeout=0.01)
    gate.leave()
    assert gate.enter(timeout=0.01)
    gate.leave()


def test_a_writer_that_waits_too_long_gets_the_usual_error(new_connection: Connect) -> None:
    holder, waiter = new_connection(), new_connection(timeout=0.05)
    begin(holder)
    with pytest.raises(OperationalError, match="database is locked"):
        run(waiter, "INSERT INTO t (who) VALUES ('late')")
    end(holder)
    run(waiter, "INSERT INTO t (who) VALUES ('now')")


def test_readers_pass_while_somebody_writes(new_connection: Connect) -> None:
    writer, reader = new_connection(), new_connection(timeout=0.05)
    begin(writer)
    run(writer, "INSERT INTO t (who) VALUES ('a')")
    assert run(reader, "SELECT count(*) FROM t") == [(0,)]
    end(writer)
    assert run(reader, "SELECT count(*) FROM t") == [(1,)]


def test_a_transaction_holds_the_gate_to_its_end(new_connection: Connect) -> None:
    wrapper = new_connection()
    begin(wrapper)
    assert not is_open(wrapper)
    run(wrapper, "INSERT INTO t (who) VALUES ('a')")
    assert not is_open(wrapper)
    end(wrapper)
    assert is_open(wrapper)


def test_a_rollback_opens_the_gate(new_connection: Connect) -> None:
    wrapper = new_connection()
    begin(wrapper)
    run(wrapper, "INSERT INTO t (who) VALUES ('a')")
    wrapper.rollback()
    assert is_open(wrapper)


def test_a_failing_write_opens_the_gate(new_connection: Connect) -> None:
    wrapper = new_connection()
    run(wrapper, "INSERT INTO t (n) VALUES (1)")
    with pytest.raises(IntegrityError):
        run(wrapper, "INSERT INTO t (n) VALUES (1)")
    assert is_open(wrapper)


def test_closing_in_a_transaction_opens_the_gate_and_writes_nothing(
    new_connection: Connect,
) -> None:
    wrapper = new_connection()
    begin(wrapper)
    run(wrapper, "INSERT INTO t (who) VALUES ('a')")
    wrapper.close()
    assert is_open(wrapper)
    assert run(new_connection(), "SELECT count(*) FROM t") == [(0,)]


def test_a_thread_that_dies_in_a_transaction_opens_the_gate(new_connection: Connect) -> None:
    def die() -> None:
        wrapper = DatabaseWrapper(new_connection().settings_dict, alias="doomed")
        begin(wrapper)
        run(wrapper, "INSERT INTO t (who) VALUES ('a')")

    thread = threading.Thread(target=die)
    thread.start()
    thread.join(30)
    gc.collect()
    run(new_connection(timeout=1), "INSERT INTO t (who) VALUES ('b')")
    assert run(new_connection(), "SELECT who FROM t") == [("b",)]


def test_a_row_returned_by_a_write_in_autocommit_does_not_keep_the_gate(
    new_connection: Connect,
) -> None:
    one, two = new_connection(), new_connection(timeout=1)
    assert run(one, "INSERT INTO t (who) VALUES ('a') RETURNING n") == [(1,)]
    assert run(two, "INSERT INTO t (who) VALUES ('b') RETURNING n") == [(2,)]


class TestDjangosBlocks:
    """The same through `atomic`, as the product uses it (on PostgreSQL there is no gate)."""

    pytestmark = pytest.mark.django_db(transaction=True)

    def test_nested_blocks_and_errors_leave_the_gate_open(self) -> None:
        def row(key: str) -> OutboxEntry:
            return OutboxEntry(kind="x", key=key, payload={}, available_at=timezone.now())

        with transaction.atomic():
            row("a").save()
            with pytest.raises(IntegrityError), transaction.atomic():
                row("a").save()
            with transaction.atomic(savepoint=False):
                row("b").save()
        with transaction.atomic():
            row("c").save()
            transaction.set_rollback(True)

        def other() -> None:
            row("d").save()
            connection.close()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(30)
        assert not thread.is_alive()
        assert set(OutboxEntry.objects.values_list("key", flat=True)) == {"a", "b", "d"}

    def test_commit_hooks_may_write(self) -> None:
        with transaction.atomic():
            transaction.on_commit(
                lambda: OutboxEntry.objects.create(kind="x", key="hook", payload={})
            )
        assert OutboxEntry.objects.get().key == "hook"
