"""What a process needs that works on the rows of a test."""

from django.conf import settings
from django.db import connection

from tests.support import servers


def process_environment(**more: str) -> dict[str, str]:
    """Return the environment of a process on this test's database."""
    to = connection.settings_dict
    database = (
        f"sqlite:///{to['NAME']}"
        if connection.vendor == "sqlite"
        else "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**to)
    )
    own = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database,
        "DATA_DIR": str(settings.DATA_DIR),
    }
    return servers.environment(own | more)
