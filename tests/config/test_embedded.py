"""The worker inside the web process: on time whatever hangs, and back after a lost broker."""

import logging
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest
import redis
import time_machine
from celery import Celery
from celery.beat import ScheduleEntry
from django.utils import timezone

from config import embedded
from config.beat import Beat
from config.celery import app
from tests.support import servers
from tests.support.processes import process_environment

pytestmark = pytest.mark.django_db(transaction=True)


def start(mode: str, log: IO[str] | None = None, **environment: str) -> subprocess.Popen[str]:
    """Start a process with an embedded worker on this test's database."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.embedded_process", mode],
        cwd=servers.ROOT,
        env=process_environment(**environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )


def test_it_is_on_time_with_six_hanging_queues_and_beat_far_away() -> None:
    with start("late", SWEEP_SECONDS="3600") as process:
        printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    lateness = [float(seconds) for seconds in printed.splitlines()[-1].split()]
    assert len(lateness) == 3
    # Milliseconds on a quiet machine.
    assert all(0 <= seconds < 2 for seconds in lateness), lateness


def test_it_comes_back_when_the_broker_restarts_during_a_task(
    redis_server: servers.Redis, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with (
        log.open("w") as written,
        start("broker", written, REDIS_URL=redis_server.url, SWEEP_SECONDS="0.5") as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        while process.stdout.readline() != "hangs\n":
            assert process.poll() is None
        redis_server.restart()
        process.stdin.write("go on\n")
        process.stdin.flush()
        printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert printed.splitlines()[-1] == "works"
    # Beat says it.
    assert "Connection to broker lost" not in log.read_text()


def test_a_beat_that_breaks_down_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []

    class Beat:
        def __init__(self, *_args: object, **_options: object) -> None: ...

        def start(self) -> None:
            begun.append(self)
            if len(begun) == 1:
                raise OSError
            worker._stopping.set()

    monkeypatch.setattr(embedded, "Service", Beat)
    monkeypatch.setattr(embedded, "_make_worker", lambda: None)
    monkeypatch.setattr(embedded, "RESTART_SECONDS", 0)
    worker = embedded.EmbeddedWorker()
    worker._keep_time()
    assert len(set(map(id, begun))) == 2


def test_beat_says_once_that_the_broker_went_and_once_that_it_is_back(
    redis_server: servers.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    every_second = {
        name: {"task": "outbox.drain", "schedule": 1.0} for name in ("first", "second", "third")
    }
    own = Celery(broker=redis_server.url, set_as_current=False)
    own.conf.beat_schedule = every_second
    own.conf.task_publish_retry = False
    caplog.set_level(logging.INFO)
    beat = Beat(app=own)

    def ask() -> list[str]:
        """What was said while all of it was asked for, three times."""
        caplog.clear()
        for _turn in range(3):
            clock.shift(timedelta(seconds=2))
            for _tick in range(len(every_second)):
                beat.tick()
        assert not [record for record in caplog.records if record.exc_info]
        return [record.msg["event"] for record in caplog.records if record.name == "config.beat"]

    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert ask() == []
        redis_server.stop()
        assert ask() == ["beat.broker_away"]
        assert ask() == []
        redis_server.start()
        assert ask() == ["beat.broker_back"]
        with redis.Redis.from_url(redis_server.url) as client:
            assert client.llen("celery") > 0


def test_what_is_wrong_with_a_task_is_told_in_full(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_args: object, **_options: object) -> None:
        raise LookupError

    monkeypatch.setattr(Celery, "send_task", break_down)
    own = Celery(set_as_current=False)
    beat = Beat(app=own)
    monkeypatch.setattr(Beat, "producer", None)
    beat.apply_entry(ScheduleEntry(name="odd", task="odd", schedule=1.0, app=own))
    assert "LookupError" in caplog.text


def test_beat_goes_on_when_a_clock_that_was_a_day_ahead_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def note(_: Beat, entry: ScheduleEntry, **_more: object) -> None:
        asked.append(entry.name or "")

    monkeypatch.setattr(Beat, "apply_entry", note)
    monkeypatch.setattr(Beat, "producer", None)

    def asks(beat: Beat) -> set[str]:
        asked.clear()
        clock.shift(timedelta(minutes=11))
        for _tick in range(100):
            beat.tick()
        return set(asked)

    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False) as clock:
        beat = Beat(app=app)
        usual = {"chat.sweep", "outbox.purge", "outbox.drain.mail"}
        assert usual <= asks(beat)
        clock.shift(-timedelta(days=1))
        beat.tick()
        assert usual <= asks(beat)
