"""Wake a worker soon after a commit, without the committing thread waiting for a broker.

A nudge is only a hint: when it is lost, beat drains the outbox within five seconds.
"""

import contextlib
import threading

import structlog
from celery import Celery
from kombu import Connection

from config.celery import app

log = structlog.get_logger(__name__)

# Commits that come together share one task; the first of a burst leaves at once.
PAUSE = 0.1
# A hint that nobody took in this time is worth nothing any more.
EXPIRES = 5.0
# How long the thread leaves a broken broker alone.
BACK_OFF = 1.0


class Nudger:
    """One daemon thread that turns any number of nudges into few tasks."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._wanted: set[str] = set()
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
        self._awake.set()
        # Also after a fork, where the parent's thread does not exist.
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def close(self) -> None:
        """End the thread; a later nudge starts another."""
        self._stopping.set()
        self._awake.set()
        if self._thread:
            self._thread.join(timeout=5)
        self._thread = None
        self._stopping.clear()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="nudger", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        broken = False
        while not self._stopping.is_set():
            self._awake.wait()
            self._awake.clear()
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
            self._stopping.wait(BACK_OFF if broken else PAUSE)
        self._disconnect()

    def _send(self, queue: str) -> None:
        self._celery.send_task(
            "outbox.drain",
            kwargs={"queue": queue},
            queue=queue,
            connection=self._connect(),
            retry=False,
            expires=EXPIRES,
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


def nudge(queue: str) -> None:
    """Wake a worker of `queue` for the outbox."""
    _nudger.nudge(queue)
