"""Worker tasks of the outbox."""

from celery import shared_task
from django.utils import timezone

from config.outbox import operations
from config.outbox.registry import DEFAULT_QUEUE


@shared_task(name="outbox.drain", acks_late=True)
def drain(queue: str = DEFAULT_QUEUE) -> None:
    """Do what is due on `queue`; a nudge and beat ask for it on that queue's workers."""
    operations.drain(queue)


@shared_task(name="outbox.purge")
def purge() -> None:
    """Forget effects that were done long ago; bring back what a clock that was ahead put off."""
    now = timezone.now()
    operations.purge(now=now)
    operations.bring_back(now=now)
