"""What a process needs that works on the rows of a test, and how the test waits for it."""

import time
from collections.abc import Callable

from django.conf import settings
from django.db import connection

from tests.support import servers


def database_url(name: str = "") -> str:
    """Return the address of this test's database, or of another one on its server."""
    to = connection.settings_dict | ({"NAME": name} if name else {})
    if connection.vendor == "sqlite":
        return f"sqlite:///{to['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**to)


def process_environment(**more: str) -> dict[str, str]:
    """Return the environment of a process on this test's database."""
    own = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(settings.DATA_DIR),
    }
    return servers.environment(own | more)


def until(look: Callable[[], object]) -> None:
    """Look again and again until something is so that others bring about."""
    ends = time.monotonic() + 120
    while not look():
        assert time.monotonic() < ends, "It has not come."
        time.sleep(0.02)
