"""What beat asks workers for, and how often."""

from collections.abc import Mapping
from typing import Any


def beat_schedule(
    sweep_seconds: float, queues: Mapping[str, int], *, is_sqlite: bool
) -> dict[str, Any]:
    """Return the schedule; `queues` with after how many seconds Celery ends work on them."""
    return {
        # What is asked for every few seconds expires, or it would pile up while no worker runs.
        **{
            f"outbox.drain.{queue}": {
                "task": "outbox.drain",
                "schedule": sweep_seconds,
                "kwargs": {"queue": queue},
                "options": {
                    "queue": queue,
                    "expires": 2 * sweep_seconds,
                    "soft_time_limit": seconds,
                    "time_limit": seconds + 30,
                },
            }
            for queue, seconds in queues.items()
        },
        "outbox.purge": {
            "task": "outbox.purge",
            "schedule": 600.0,
            "options": {"queue": "maintenance"},
        },
        **(
            {
                "database.statistics": {
                    "task": "database.statistics",
                    "schedule": 3600.0,
                    "options": {"queue": "maintenance"},
                }
            }
            if is_sqlite
            else {}
        ),
        "reports.catch_up": {
            "task": "reports.catch_up",
            "schedule": 60.0,
            "options": {"queue": "maintenance"},
        },
        "chat.sweep": {
            "task": "chat.sweep",
            "schedule": sweep_seconds,
            "options": {"expires": 2 * sweep_seconds},
        },
        "tickets.fetch_mail": {
            "task": "tickets.fetch_mail",
            "schedule": 60.0,
            "options": {"queue": "mail", "expires": 60.0},
        },
        "tickets.listen_to_mail": {
            "task": "tickets.listen_to_mail",
            "schedule": 15.0,
            "options": {"queue": "mail", "expires": 15.0},
        },
        "tickets.digests": {
            "task": "tickets.digests",
            "schedule": 600.0,
            "options": {"queue": "mail", "expires": 600.0},
        },
        "automation.forget": {
            "task": "automation.forget",
            "schedule": 3600.0,
            "options": {"queue": "maintenance"},
        },
        # Nightly, and also where nothing runs for a whole day.
        "agents.import_holidays": {
            "task": "agents.import_holidays",
            "schedule": 21600.0,
            "options": {"queue": "maintenance"},
        },
        "chat.purge_attachments": {
            "task": "chat.purge_attachments",
            "schedule": 3600.0,
            "options": {"queue": "maintenance"},
        },
    }
