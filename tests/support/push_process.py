"""One worker of pushes: `python -m tests.support.push_process`; it ends when nothing is due."""

import time

import django

django.setup()

from config.outbox import operations  # noqa: E402 - after setup, as in any process of the product
from config.outbox.models import OutboxEntry  # noqa: E402


def main() -> None:
    """Hand over all that is on its way."""
    while OutboxEntry.objects.live().filter(kind="automation.push").exists():
        operations.drain("push")
        # A word waits for the one before it.
        time.sleep(0.05)


if __name__ == "__main__":
    main()
