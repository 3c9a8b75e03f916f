"""What runs on a chat before it is offered or anyone is alerted.

Rules register here. A hook gets the id of a chat that stands in the queue but is held back. It may
change the chat through operations (topic, team, priority, end it). Hooks have one second together;
when they fail or take longer the chat is queued normally.
"""

import logging
import threading
from collections.abc import Callable

from django.db import connections

logger = logging.getLogger(__name__)

HOLD_SECONDS = 1.0

type Hook = Callable[[int], None]
_hooks: list[Hook] = []


def before_offer(hook: Hook) -> None:
    """Run `hook(conversation_id)` in a worker on each chat before it is offered."""
    _hooks.append(hook)


def remove_hook(hook: Hook) -> None:
    """Stop running `hook`."""
    _hooks.remove(hook)


def has_hooks() -> bool:
    """Return whether a new chat must be held back at all."""
    return bool(_hooks)


def run_hooks(conversation_id: int) -> bool:
    """Run the hooks on a chat; return whether all of them finished well and in time.

    They run in their own thread, because nothing else can be given up on after a second.
    """
    done = threading.Event()

    def run() -> None:
        try:
            for hook in tuple(_hooks):
                hook(conversation_id)
            done.set()
        except Exception:
            logger.exception("a hook failed; the chat is queued normally")
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, name="before-offer", daemon=True)
    thread.start()
    thread.join(HOLD_SECONDS)
    if thread.is_alive():
        logger.warning("hooks took too long; the chat is queued normally")
    return done.is_set()
