"""`manage.py serve`, embedded: what `make run` starts."""

import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import Web, free_port, manage, web_process

pytestmark = pytest.mark.once


def rows(data_dir: Path, query: str) -> list[Any]:
    """Ask the embedded database."""
    with closing(sqlite3.connect(data_dir / "imece.sqlite3", timeout=10)) as database:
        return database.execute(query).fetchall()


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> bool:
    """Look again and again; return whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


# Dies where Django has committed a migration and not noted it yet.
DIES = """
import os
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from config.database.sqlite.upkeep import migrate_whole
note = MigrationExecutor.record_migration
def die(*told, **more):
    if not connection.in_atomic_block:
        os._exit(9)
    return note(*told, **more)
MigrationExecutor.record_migration = die
migrate_whole()
"""


@dataclass(frozen=True)
class Demo:
    """What a first start leaves: its data, and what it printed."""

    data_dir: Path
    logs: str
    url: str


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A start from nothing, as after the first `make run`, the hard way.

    It is cut short at some moments, then two come at once: one prepares, the other waits for it.
    """
    data_dir = tmp_path_factory.mktemp("demo")
    with ExitStack() as stack:
        starters = [
            stack.enter_context(Web({"DATA_DIR": str(data_dir), "PORT": str(free_port())}))
            for _ in range(2)
        ]
        for moment in (0.5, 1.5, 3):
            starters[0].spawn()
            time.sleep(moment)
            starters[0].kill()
        for web in starters:
            web.spawn()
        for web in starters:
            # Printed last, after the demo is there.
            web.wait_ready()
            web.wait_for("Password")
            assert web.terminate() == 0
        return Demo(data_dir, web.logs, web.url)


@pytest.fixture
def demo(first_start: Demo, tmp_path: Path) -> Path:
    """A DATA_DIR of this test's own with the demo in it."""
    return shutil.copytree(first_start.data_dir, tmp_path / "demo")


def test_it_prints_where_to_go_and_who_may_sign_in(first_start: Demo) -> None:
    for path in ("/demo/", "/console/", "/admin/"):
        assert f"{first_start.url}{path}" in first_start.logs
    for name in ("elif", "mert", "deniz", "selin", "admin"):
        assert f"{name}@example.com" in first_start.logs
    assert "Traceback" not in first_start.logs


def test_starts_cut_short_at_any_moment_are_made_good_by_two_that_come_at_once(
    first_start: Demo,
) -> None:
    """Holds alone that a first start survives kill -9, and another beside it: five starts, 20 s."""
    assert len(rows(first_start.data_dir, "SELECT id FROM agents_brand")) == 2
    assert rows(first_start.data_dir, "SELECT id FROM chat_conversation") != []


def test_a_first_start_that_dies_before_a_migration_is_noted_is_made_good(tmp_path: Path) -> None:
    env = {"DATA_DIR": str(tmp_path)}
    with pytest.raises(AssertionError, match=r"manage\.py shell"):
        manage("shell", "--verbosity=0", "--command", DIES, env=env)
    assert list(tmp_path.glob("imece.sqlite3.new*")) != []
    again = "from config.database.sqlite.upkeep import migrate_whole; migrate_whole()"
    manage("shell", "--verbosity=0", "--command", again, env=env)
    assert rows(tmp_path, "SELECT id FROM agents_brand") == []
    assert list(tmp_path.glob("imece.sqlite3?*")) == []


def test_the_demo_follows_the_address_that_a_later_start_has(first_start: Demo, demo: Path) -> None:
    with web_process({"DATA_DIR": str(demo), "PORT": str(free_port())}) as web:
        assert web.url != first_start.url
        for (origins,) in rows(demo, "SELECT allowed_origins FROM agents_brand"):
            assert web.url in origins
        assert web.terminate() == 0


def test_what_the_outbox_holds_is_done_after_a_restart_and_ctrl_c_ends_it_cleanly(
    migrated: Path,
) -> None:
    """Holds alone that nothing waits for ever after a stop, however it came: three starts, 10 s."""
    env = {"DATA_DIR": str(migrated), "SEED_DEMO": "false"}
    with web_process(env) as web:
        for stop in (web.kill, web.terminate):
            stop()
            enqueue(migrated, stop.__name__)
            assert rows(migrated, PENDING) == [(stop.__name__,)]
            web.start()
            assert wait_until(lambda: rows(migrated, PENDING) == [])
        web.signal(signal.SIGINT)
        assert web.wait() == 0
        assert "Traceback" not in web.logs


PENDING = "SELECT key FROM outbox_outboxentry WHERE done_at IS NULL"


def enqueue(data_dir: Path, key: str) -> None:
    """Write what the product writes, without a process of it that takes seconds to start."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(data_dir / "imece.sqlite3", timeout=10)) as database, database:
        database.execute(
            "INSERT INTO outbox_outboxentry"
            " (kind, key, payload, created_at, available_at, attempts, last_error)"
            " VALUES ('event', ?, ?, ?, ?, 0, '')",
            (key, '{"name": "nobody.listens", "data": {}}', now, now),
        )
