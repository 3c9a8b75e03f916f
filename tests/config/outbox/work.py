"""Work for the outbox, and how time passes for it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from config.outbox import operations
from config.outbox.models import OutboxEntry
from config.outbox.registry import Registration

Kinds = dict[str, Registration]


class Boom(Exception):
    """What handlers of these tests raise."""


def enqueue(n: int, kind: str = "note", **more: Any) -> OutboxEntry:
    """Write one effect down."""
    operations.enqueue(kind=kind, key=f"{kind}:{n}", payload={"n": n}, **more)
    return OutboxEntry.objects.get(key=f"{kind}:{n}")


def make_due() -> None:
    """Let the pause after a failure pass."""
    OutboxEntry.objects.live().update(available_at=timezone.now())


def expire_leases() -> None:
    """Let the worker that holds the rows have vanished two minutes ago."""
    OutboxEntry.objects.live().filter(lease_until__isnull=False).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
