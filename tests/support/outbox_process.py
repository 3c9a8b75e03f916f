"""One process of an outbox scenario: `python -m tests.support.outbox_process MODE FILE`.

`commit-and-die` writes an effect down and is killed before anybody hears of it; `drain` works;
`die-at-work` is killed in the middle of its first effect.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402 - after setup, as in any process of the product

from config.outbox import operations  # noqa: E402


def die(*_: Any) -> None:
    """Kill -9 this very process."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(mode: str, journal: Path) -> None:
    """Play one part."""

    def note(payload: dict[str, Any]) -> None:
        with journal.open("a") as file:
            file.write(f"{payload['n']}\n")
        if mode == "die-at-work":
            die()

    operations.register("note", note)
    if mode == "commit-and-die":
        with transaction.atomic():
            transaction.on_commit(die)
            operations.enqueue(kind="note", key="note:1", payload={"n": 1})
    else:
        operations.drain()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
