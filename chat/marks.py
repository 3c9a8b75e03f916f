"""Marks that sockets move, collected for a moment and written together between two batches."""

import logging
import threading
from collections.abc import Iterable
from functools import partial
from itertools import islice

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from chat.operations.marks import Mark, move_marks
from chat.writer import writer

logger = logging.getLogger(__name__)

# Beyond this the newest marks of other chats are dropped; they are moved again by the next one.
WAITING_MAX = 10_000
# So many go in one transaction; messages wait meanwhile.
BATCH_MAX = 16


class Collector:
    """What is to be written; the highest number wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[int, int | None], tuple[int, int]] = {}

    def note(
        self, conversation: int, agent: int | None, *, read: int = 0, delivered: int = 0
    ) -> None:
        """Remember a mark until the next flush."""
        key = (conversation, agent)
        with self._lock:
            known = self._waiting.get(key)
            if known is not None:
                self._waiting[key] = (max(known[0], read), max(known[1], delivered))
            elif len(self._waiting) < WAITING_MAX:
                self._waiting[key] = (read, delivered)

    def flush(self) -> None:
        """Have what is waiting written soon, in the writer's thread, a few between two batches."""
        for _ in range(0, len(self._waiting), BATCH_MAX):
            writer.between(partial(self.write, BATCH_MAX))

    def write(self, limit: int | None = None) -> None:
        """Write up to `limit` of what is waiting; what can't be written yet waits on."""
        with self._lock:
            taken = list(islice(self._waiting.items(), limit))
            for key, _ in taken:
                del self._waiting[key]
        marks = [Mark(*key, read, delivered) for key, (read, delivered) in taken]
        if not marks:
            return
        try:
            waiting = move_marks(marks=marks, now=timezone.now())
        except (OperationalError, InterfaceError):
            # The database is away or busy: once more with the next flush.
            self._note_again(marks)
            raise
        except Exception:
            # One of them is to blame: alone, each in its own transaction.
            waiting = [held for mark in marks for held in _alone(mark)]
        self._note_again(waiting)

    def _note_again(self, marks: Iterable[Mark]) -> None:
        for mark in marks:
            self.note(mark.conversation, mark.agent, read=mark.read, delivered=mark.delivered)


def _alone(mark: Mark) -> list[Mark]:
    try:
        return move_marks(marks=[mark], now=timezone.now())
    except (OperationalError, InterfaceError):
        return [mark]
    except Exception:
        logger.warning("marks.not_moved", exc_info=True)
        return []


collector = Collector()
note = collector.note
flush = collector.flush
