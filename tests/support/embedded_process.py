"""A process with an embedded worker: `python -m tests.support.embedded_process MODE`.

`late`: all of its queues hang but one. Prints how many seconds after it was due each effect of that
one was done: one without delay, one for later, and one that its handler put off.
`broker`: says that an effect hangs, lets it end when it is told to, and says when it did another.
`beside`: does what is to be done, beside others, from one line that it reads to the next.
"""

import os
import sys
import threading
from datetime import datetime, timedelta
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 - after setup, as in any process of the product
from django.utils import timezone  # noqa: E402

from config.embedded import EmbeddedWorker  # noqa: E402
from config.outbox import operations  # noqa: E402
from config.outbox.registry import DEFAULT_QUEUE  # noqa: E402

LATER = 0.3
_hangs = threading.Semaphore(0)
_did = threading.Semaphore(0)
_done_at: list[datetime] = []


def hang(payload: dict[str, Any]) -> None:
    """Never end."""
    _hangs.release()
    threading.Event().wait()


def note(payload: dict[str, Any]) -> None:
    """Remember when; the first time ask for another try if the payload says so."""
    first = not _done_at
    _done_at.append(timezone.now())
    if first and payload["again"]:
        raise operations.RetryAfter(LATER)
    _did.release()


def lateness(*, later: float = 0, again: bool = False) -> float:
    """Have one effect done; return how many seconds after it was due it was."""
    _done_at.clear()
    due = timezone.now() + timedelta(seconds=later)
    operations.enqueue(
        kind="note",
        key=f"note:{later}:{again}",
        payload={"again": again},
        available_at=due if later else None,
    )
    assert _did.acquire(timeout=30), "nobody woke the worker"
    if again:
        due = _done_at[0] + timedelta(seconds=LATER)
    return (_done_at[-1] - due).total_seconds()


def lose_the_broker() -> None:
    """Be in the middle of a task while somebody restarts the broker."""
    go_on = threading.Event()

    def wait(payload: dict[str, Any]) -> None:
        _hangs.release()
        go_on.wait()

    operations.register("hang", wait)
    EmbeddedWorker().start()
    operations.enqueue(kind="hang", key="hang", payload={})
    assert _hangs.acquire(timeout=30)
    print("hangs", flush=True)  # noqa: T201
    sys.stdin.readline()
    go_on.set()
    lateness()
    print("works", flush=True)  # noqa: T201


def be_late() -> None:
    """Hang all other queues, then measure."""
    others = [queue for queue in settings.QUEUES if queue != DEFAULT_QUEUE]
    for queue in others:
        operations.register(f"hang.{queue}", hang, queue=queue)
    EmbeddedWorker().start()
    for queue in others:
        operations.enqueue(kind=f"hang.{queue}", key=queue, payload={})
    for _ in others:
        assert _hangs.acquire(timeout=30), "a queue waits for another"
    for queue in others:
        # Once more, as beat would: they must not take a second thread.
        operations.nudge(queue)
    print(lateness(), lateness(later=LATER), lateness(again=True), flush=True)  # noqa: T201


def work_beside() -> None:
    """Begin and end at a sign, with all that was begun done."""
    worker = EmbeddedWorker()
    print("waits", flush=True)  # noqa: T201
    sys.stdin.readline()
    worker.start()
    sys.stdin.readline()
    assert worker.stop(timeout=60), "a task never ends"


if __name__ == "__main__":
    operations.register("note", note)
    try:
        {"late": be_late, "broker": lose_the_broker, "beside": work_beside}[sys.argv[1]]()
    except AssertionError as error:
        print(error, flush=True)  # noqa: T201
        os._exit(1)
    # What hangs would keep the interpreter alive.
    os._exit(0)
