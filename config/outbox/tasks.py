"""Worker tasks of the outbox."""

from celery import shared_task
from django.utils import timezone

from config.outbox import operations
from config.outbox.registry import DEFAULT_QUEUE


@shared_task(name="outbox.drain", acks_late=True)
def drain(queue: str | None = None) -> None:
    """Do what is due on `queue`; without one (beat), wake the other queues too."""
    if queue is None:
        for other in operations.queues() - {DEFAULT_QUEUE}:
            operations.nudge(other)
    operations.drain(queue or DEFAULT_QUEUE)


@shared_task(name="outbox.purge")
def purge() -> None:
    """Forget effects that were done long ago."""
    operations.purge(now=timezone.now())
