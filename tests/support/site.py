"""A running product on the test's own database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import redis
from django.conf import settings

from tests.support import servers
from tests.support.process import NO_AUTHORITIES
from tests.support.processes import database_url


@contextmanager
def running_site(data_dir: Path) -> Iterator[servers.Web]:
    """Serve the rows of this test process, with files in `data_dir`."""
    env = {
        "DJANGO_SETTINGS_MODULE": "tests.support.site_settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": os.environ.get("REDIS_URL", ""),
        "PYTEST_XDIST_WORKER": os.environ.get("PYTEST_XDIST_WORKER", "gw0"),
        "SECRET_KEY": settings.SECRET_KEY,
        "DATA_DIR": str(data_dir),
        "EMBEDDED_WORKER": "true",
        "SEED_DEMO": "false",
        # Each look costs a site that only waits: every two seconds, a fifteenth of a core. What
        # happens is told, and waits for none; the few tests of what comes by the clock wait for it.
        "SWEEP_SECONDS": "10",
        "UNDO_SECONDS": "0.3",
        # Longer than a busy machine takes to look at what is then undone.
        "REPLY_UNDO_SECONDS": "60",
        # Rules are late on a busy machine, and then the chat goes on without them.
        "RULES_HOLD_SECONDS": "20",
        # Services of tests.
        "OUTBOUND_PRIVATE": "127.0.0.1",
        # One machine plays all visitors.
        "PENDING_SOCKETS_PER_IP": "1000",
        "SESSIONS_PER_MINUTE": "100000",
        "HELLOS_PER_MINUTE": "100000",
        "STARTS_PER_ADDRESS_PER_MINUTE": "100000",
        "OFFLINE_MESSAGES_PER_ADDRESS_PER_HOUR": "100000",
        "UPLOADS_PER_ADDRESS_PER_HOUR": "100000",
        "UPLOADED_MB_PER_ADDRESS_PER_HOUR": "100000",
    }
    _forget_nudges()
    with servers.web_process(env) as web:
        _warm(web)
        yield web


def _forget_nudges() -> None:
    """Empty the broker: tests without a worker leave hundreds of nudges for the one that comes."""
    if settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()


def _warm(web: servers.Web) -> None:
    """Have the first page drawn, which imports and compiles, before a test's patience counts."""
    _ask(web, "accounts/login/")


def forget(web: servers.Web) -> None:
    """Let the site forget the test before: else it asks rules whose rows are gone, and fails."""
    _ask(web, "forget/")


def sweep(web: servers.Web) -> None:
    """Have the site look by the clock now, and not within the next ten seconds."""
    _ask(web, "sweep/")


def _ask(web: servers.Web, path: str) -> None:
    httpx.get(
        f"{web.url}/{path}", timeout=60, trust_env=False, verify=NO_AUTHORITIES
    ).raise_for_status()


def start_again(web: servers.Web) -> None:
    """Start a site that was ended."""
    _forget_nudges()
    web.start()
    _warm(web)
