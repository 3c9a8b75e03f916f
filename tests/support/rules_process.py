"""One worker of rules that dies: `python -m tests.support.rules_process CHAT POINT`.

POINT is `decided` (before anything is done), `within:N` (the Nth step is done and not committed),
`after:N` (it has just been committed) or `never`.
"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from automation.rules import engine  # noqa: E402 - after setup, as in any process of the product
from config.outbox.operations import RetryAfter  # noqa: E402


def die(*_: Any, **__: Any) -> None:
    """Kill -9 this very process."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(chat: int, point: str) -> None:
    """Look at the chat, up to the point."""
    where, _colon, number = point.partition(":")
    note_effect, step = engine._note_effect, int(number or 0)

    def noted(run: Any, position: int, **told: Any) -> None:
        if where == "after" and position == step + 1:
            # What comes before this step's own work was committed.
            die()
        note_effect(run, position, **told)
        if where == "within" and position == step:
            die()

    engine._note_effect = noted
    if where == "decided":
        engine._act = die
    try:
        engine.look_at(chat, begin=1)
    except RetryAfter:
        # The other one looks.
        return


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
