"""Whether this process lives, and whether it can serve. The answers name parts, never reasons."""

from collections.abc import Callable

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.outbox.operations import gauges

log = structlog.get_logger(__name__)

# Beat drains every 5 s: work that is due for this long means that no worker runs.
LONGEST_DUE_SECONDS = 120.0
_migrated = False


class NotReady(Exception):
    """A part does not do its work."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process runs."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when a visitor could be served, else 503 with the parts that fail.

    A late outbox and an absent Redis are told but keep the process in service: messages are
    still stored and answered, and taking every web process away would make it worse.
    """
    parts: dict[str, str] = {}
    for name, check in _CHECKS.items():
        try:
            check()
            parts[name] = "ok"
        except Exception as error:
            log.warning("health.part_fails", part=name, error=type(error).__name__)
            parts[name] = "failing"
    ready = all(parts[name] == "ok" for name in _NEEDED)
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


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


_CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "outbox": _outbox,
}
_NEEDED = ("database", "migrations")
