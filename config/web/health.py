"""Whether this process lives, and whether it can serve. The answers name parts, never reasons.

Both are answered on the event loop, before any queue for threads or connections: a database that
hangs takes neither away from whoever decides about restarts.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from config.outbox.operations import gauges
from config.web.answers import send_answer, send_problem

log = structlog.get_logger(__name__)

# Beat drains every few seconds: work that is due for this long means that no worker runs.
LONGEST_DUE_SECONDS = 120.0
# Whoever asks waits no longer than two seconds; a part that says nothing until then is failing.
ANSWER_SECONDS = 1.5
# Less room than this is as good as none: databases need some to make more.
LEAST_BYTES = 50 * 1024 * 1024
ALIVE, READY = "/healthz", "/readyz"
_migrated = False


class NotReady(Exception):
    """A part does not do its work."""


class Probes:
    """Answers the two probes, and passes on everything else."""

    def __init__(self, inner: Callable[[Any, Any, Any], Any]) -> None:
        self._inner = inner
        # One thread a part: one that hangs says nothing about the others.
        self._executor = ThreadPoolExecutor(len(CHECKS), thread_name_prefix="probe")
        self._asked: dict[str, Future[None]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["path"] not in {ALIVE, READY}:
            await self._inner(scope, receive, send)
        elif scope["method"] not in {"GET", "HEAD"}:
            await send_problem(send, 405, (b"allow", b"GET, HEAD"))
        elif scope["path"] == ALIVE:
            await send_answer(send, 200, b"ok", "text/plain")
        else:
            parts = await self.ask_parts()
            ready = all(parts[name] == "ok" for name in NEEDED)
            body = json.dumps({"ready": ready, "parts": parts}).encode()
            await send_answer(send, 200 if ready else 503, body, "application/json")

    async def ask_parts(self) -> dict[str, str]:
        """Return `ok` or `failing` for each part, within `ANSWER_SECONDS`.

        A late outbox and an absent Redis are told but keep the process in service: messages are
        still stored and answered, and taking every web process away would make it worse.
        """
        asked = {name: asyncio.wrap_future(self._ask(name)) for name in CHECKS}
        await asyncio.wait(asked.values(), timeout=ANSWER_SECONDS)
        return {name: self._word(name, answer) for name, answer in asked.items()}

    def close(self) -> None:
        """End the threads that are idle."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _ask(self, name: str) -> "Future[None]":
        """Return the question that is under way, or ask anew: many who ask cost one thread."""
        asked = self._asked.get(name)
        if asked is None or asked.done():
            asked = self._asked[name] = self._executor.submit(_check, CHECKS[name])
        return asked

    def _word(self, name: str, answer: "asyncio.Future[None]") -> str:
        if answer.done() and not answer.cancelled():
            error = answer.exception()
            if error is None:
                return "ok"
            log.warning("health.part_fails", part=name, error=type(error).__name__)
        else:
            log.warning("health.part_fails", part=name, error="no answer")
        return "failing"


def _check(check: Callable[[], None]) -> None:
    try:
        check()
    finally:
        connection.close()


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise NotReady
        _migrated = True


def _redis() -> None:
    if settings.REDIS_URL:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1
        ) as client:
            client.ping()


def _outbox() -> None:
    if gauges(now=timezone.now()).oldest_due_seconds > LONGEST_DUE_SECONDS:
        raise NotReady


def _disk() -> None:
    """Raise when nothing more can be written where files are kept, and the embedded database."""
    with tempfile.TemporaryFile(dir=settings.DATA_DIR) as file:
        file.write(b"x")
    if shutil.disk_usage(settings.DATA_DIR).free < LEAST_BYTES:
        raise NotReady


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "migrations": _migrations,
    "disk": _disk,
    "redis": _redis,
    "outbox": _outbox,
}
NEEDED = ("database", "migrations", "disk")
