"""Wake a worker soon after a commit, or when something is due, without waiting for a broker.

A nudge is only a hint: when it is lost, beat drains the outbox within `SWEEP_SECONDS`.
"""

import contextlib
import heapq
import math
import threading
import time
from datetime import datetime

import structlog
from celery import Celery
from django.conf import settings
from django.utils import timezone
from kombu import Connection

from config.celery import app

log = structlog.get_logger(__name__)

# Commits that come together share one task; the first of a burst leaves at once. In seconds.
PAUSE = 0.1
# A hint that nobody took before beat came by is worth nothing any more.
EXPIRES = max(5.0, settings.SWEEP_SECONDS)
# How long the thread leaves a broken broker alone, in seconds.
BACK_OFF = 1.0
# What becomes due within this time is one nudge, a moment late rather than early.
SLOT = 0.05
# Slots that are kept; beat sees to the rest.
SLOTS_MAX = 10_000


class Nudger:
    """One daemon thread that turns any number of nudges into few tasks."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._wanted: set[str] = set()
        # A heap of (slot of the monotonic clock, queue), and what is in it.
        self._due: list[tuple[int, str]] = []
        self._planned: set[tuple[int, str]] = set()
        self._planning = threading.Lock()
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None

    def nudge(self, queue: str) -> None:
        """Ask for a drain of `queue`; returns at once and never raises."""
        if queue in self._wanted and self._awake.is_set():
            return
        self._wanted.add(queue)
        self._wake()

    def nudge_in(self, queue: str, seconds: float) -> None:
        """Ask for a drain of `queue` in so many seconds; returns at once and never raises."""
        planned = (math.ceil((time.monotonic() + seconds) / SLOT), queue)
        with self._planning:
            if planned in self._planned or len(self._due) >= SLOTS_MAX:
                return
            heapq.heappush(self._due, planned)
            self._planned.add(planned)
            is_next = self._due[0] == planned
        if is_next:
            self._wake()

    def close(self) -> None:
        """End the thread; a later nudge starts another."""
        self._stopping.set()
        self._awake.set()
        if self._thread:
            self._thread.join(timeout=5)
        self._thread = None
        self._stopping.clear()

    def _wake(self) -> None:
        self._awake.set()
        # Also after a fork, where the parent's thread does not exist.
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="nudger", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        broken = False
        while not self._stopping.is_set():
            self._awake.wait(self._take_due())
            self._awake.clear()
            self._take_due()
            if self._wanted:
                broken = self._send_wanted(broken)
                self._stopping.wait(BACK_OFF if broken else PAUSE)
        self._disconnect()

    def _send_wanted(self, broken: bool) -> bool:
        """Send what is wanted; return whether the broker is away."""
        while self._wanted and not self._stopping.is_set():
            queue = self._wanted.pop()
            try:
                self._send(queue)
                broken = False
            except Exception as error:
                # Said once per outage; the rows are safe and beat comes by.
                if not broken:
                    log.warning("outbox.nudge_failed", error=type(error).__name__)
                broken = True
                self._disconnect()
        return broken

    def _take_due(self) -> float | None:
        """Want what is due by now; return the seconds until more is (0 if something was)."""
        with self._planning:
            now = time.monotonic() / SLOT
            while self._due and self._due[0][0] <= now:
                planned = heapq.heappop(self._due)
                self._planned.discard(planned)
                self._wanted.add(planned[1])
            if self._wanted:
                return 0
            return (self._due[0][0] - now) * SLOT if self._due else None

    def _send(self, queue: str) -> None:
        self._celery.send_task(
            "outbox.drain",
            kwargs={"queue": queue},
            queue=queue,
            connection=self._connect(),
            retry=False,
            expires=EXPIRES,
            soft_time_limit=settings.QUEUES[queue],
            time_limit=settings.QUEUES[queue] + 30,
            ignore_result=True,
        )

    def _connect(self) -> Connection:
        """Return this thread's own connection: a pooled one would retry for ever."""
        if self._connection is None:
            options = dict(self._celery.conf.broker_transport_options)
            options |= {"max_retries": 1, "interval_start": 0, "socket_timeout": 2}
            self._connection = self._celery.connection_for_write(
                connect_timeout=1, transport_options=options
            )
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.release()


_nudger = Nudger(app)


def nudge(queue: str, at: datetime | None = None) -> None:
    """Wake a worker of `queue` for the outbox, now or when something is due."""
    seconds = (at - timezone.now()).total_seconds() if at else 0
    if seconds > 0:
        _nudger.nudge_in(queue, seconds)
    else:
        _nudger.nudge(queue)
