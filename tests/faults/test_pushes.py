"""Workers of pushes are killed while they hand over: nothing is lost, and little comes twice."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from config.outbox.models import OutboxEntry
from tests.automation.conftest import ringing_desk, service
from tests.automation.notifications import register, say, states, taken
from tests.support import servers
from tests.support.desk import fresh, work
from tests.support.processes import process_environment
from tests.support.push_service import Browser

__all__ = ["ringing_desk", "service"]

pytestmark = [
    pytest.mark.faults,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
]

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "2"))
DEVICES = 12


def worker() -> subprocess.Popen[bytes]:
    """Start a worker on this test's database; nobody holds the leases of one that died."""
    OutboxEntry.objects.live().update(lease_until=None)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.push_process"],
        cwd=servers.ROOT,
        env=process_environment() | {"OUTBOUND_PRIVATE": "127.0.0.1"},
    )


def test_workers_killed_while_they_hand_over_lose_nothing_and_ring_nowhere_twice(
    service, ringing_desk, monkeypatch
):
    """Holds alone that pushes survive kill -9: a process a round, and one more, 10 s."""
    chat = taken(ringing_desk)
    browsers = [service.browser(str(number)) for number in range(DEVICES)]
    for browser in browsers:
        register(chat.assignee, browser)
    at_work: list[subprocess.Popen[bytes]] = []
    take, came = Browser.take, Counter[str]()
    kill_at = 0

    def take_and_kill(browser: Browser, *told: Any) -> None:
        take(browser, *told)
        came["now"] += 1
        if came["now"] == kill_at:
            at_work[-1].kill()

    monkeypatch.setattr(Browser, "take", take_and_kill)
    words = [f"Söz {number}" for number in range(ROUNDS)]
    for word in words:
        say(fresh(chat), word)
        work()
        came.clear()
        kill_at = random.randint(1, DEVICES)
        at_work.append(worker())
        assert at_work[-1].wait(120) == -signal.SIGKILL, kill_at
    kill_at = 0
    assert worker().wait(120) == 0
    assert states() == ["sent"] * DEVICES * ROUNDS
    for browser in browsers:
        heard = [(each["options"]["body"], each["options"]["renotify"]) for each in browser.got]
        assert list(dict.fromkeys(body for body, _rings in heard)) == [
            f"Vera: {word}" for word in words
        ]
        for number, word in enumerate(words):
            rings = [rings for body, rings in heard if body == f"Vera: {word}"]
            # Once again for each worker that was killed since, and then without a sound.
            assert len(rings) <= 1 + ROUNDS - number, word
            assert rings.count(True) <= 1, word
