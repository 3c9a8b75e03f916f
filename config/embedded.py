"""Celery inside the web process: a worker and a beat as threads, so that one command is enough.

The broker is memory, so a task in flight dies with the process; what must happen stands in the
outbox table, and beat drains that again after the start.
"""

import logging
import os
from threading import Event, Thread
from typing import Any

import structlog
from celery.beat import Service
from celery.signals import task_postrun, task_prerun
from celery.worker.consumer.consumer import (  # type: ignore[attr-defined]  # stubs lack them
    CONNECTION_ERROR,
    CONNECTION_RETRY,
)
from django.conf import settings
from django.db import close_old_connections
from kombu.asynchronous import set_event_loop

from config.beat import Beat
from config.celery import app

log = structlog.get_logger(__name__)

# A queue that hangs takes one thread: there is one for each, and two for what comes by the clock.
CONCURRENCY = len(settings.QUEUES) + 2
# How long a worker that broke down stays away, in seconds.
RESTART_SECONDS = 1.0


class EmbeddedWorker:
    """A worker for all queues and a beat, both in daemon threads."""

    def __init__(self) -> None:
        # CI runs Django's checks; a start has five seconds.
        os.environ.setdefault("CELERY_SKIP_CHECKS", "true")
        self._stopping = Event()
        self._worker = _make_worker()
        _be_calm()
        self._beat = _make_beat()

    def start(self) -> None:
        """Start both; returns at once."""
        task_prerun.connect(_fresh_connections, dispatch_uid="config.embedded")
        task_postrun.connect(_fresh_connections, dispatch_uid="config.embedded")
        Thread(target=self._work, name="embedded-worker", daemon=True).start()
        Thread(target=self._keep_time, name="embedded-beat", daemon=True).start()

    def stop(self, *, timeout: float = 5.0) -> bool:
        """Let running tasks end; return False if one still runs after `timeout` seconds."""
        self._stopping.set()
        self._beat.stop(wait=False)
        stopping = Thread(target=self._worker.stop, name="embedded-stop", daemon=True)
        stopping.start()
        stopping.join(timeout)
        return not stopping.is_alive()

    def _work(self) -> None:
        """Run the worker; make another when it breaks down.

        It does when Redis goes away while tasks are unacknowledged: kombu then fails to give them
        back, and Celery takes that for a reason to end the process.
        """
        while True:
            self._worker.start()
            if self._stopping.wait(RESTART_SECONDS):
                return
            log.warning("embedded.worker_restarts")
            self._worker = _make_worker()

    def _keep_time(self) -> None:
        """Run beat; begin anew when it breaks down: nothing else does what is due by the clock."""
        while True:
            try:
                self._beat.start()
            except Exception:
                log.exception("embedded.beat_failed")
            if self._stopping.wait(RESTART_SECONDS):
                return
            self._beat = _make_beat()


def _be_calm() -> None:
    """Leave out what is for processes of their own: beat's line every few seconds, and that a
    worker reaches its broker, or tries to. Beat says when the broker goes and when it is back."""
    for name in ("celery.beat", "celery.worker.consumer"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("celery.worker.consumer.consumer").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    said = (record.msg, *(record.args if isinstance(record.args, tuple) else ()))
    return CONNECTION_ERROR not in said and CONNECTION_RETRY not in said


def _make_beat() -> Any:
    # Its schedule stays in memory: everything periodic is short or harmless to run late.
    return Service(app, scheduler_cls=Beat)


def _make_worker() -> Any:
    # Celery would go on with the loop of a worker before, which is closed.
    set_event_loop(None)
    return app.WorkController(
        app=app,
        pool="threads",
        concurrency=CONCURRENCY,
        queues=list(settings.QUEUES),
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )


def _fresh_connections(**_: Any) -> None:
    """Do what a worker process's Django fixup does: never reuse a connection that broke."""
    close_old_connections()
