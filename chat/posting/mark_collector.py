"""Marks that sockets move, collected for a moment and written together between two batches."""

import logging
import threading
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice
from typing import NamedTuple

from django.db import InterfaceError, OperationalError

from chat.posting.group_commit import writer
from chat.posting.marks import Mark, move_marks

logger = logging.getLogger(__name__)

# Beyond this the newest marks of other chats are dropped; they are moved again by the next one.
WAITING_MAX = 10_000
# So many go in one transaction; messages wait meanwhile.
BATCH_MAX = 16
# What somebody holds is tried again after so many seconds, also if nobody moves a mark meanwhile,
# and so often: a chat that is gone looks the same.
AGAIN_SECONDS = 0.5
TRIES_MAX = 40


class _Waiting(NamedTuple):
    read: int
    delivered: int
    tries: int = 0


class Collector:
    """What is to be written; the highest number wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[int, int | None], _Waiting] = {}
        self._again: threading.Timer | None = None

    def note(
        self,
        conversation: int,
        agent: int | None,
        *,
        read: int = 0,
        delivered: int = 0,
        tries: int = 0,
    ) -> None:
        """Remember a mark until the next flush."""
        key = (conversation, agent)
        with self._lock:
            known = self._waiting.get(key)
            if known is not None:
                self._waiting[key] = _Waiting(
                    max(known.read, read), max(known.delivered, delivered), min(known.tries, tries)
                )
            elif len(self._waiting) < WAITING_MAX:
                self._waiting[key] = _Waiting(read, delivered, tries)

    def flush(self) -> None:
        """Have what is waiting written soon, in the writer's thread, a few between two batches."""
        for _ in range(0, len(self._waiting), BATCH_MAX):
            writer.between(partial(self.write, BATCH_MAX))

    def write(self, limit: int | None = None) -> None:
        """Write up to `limit` of what is waiting; what can't be written yet waits on."""
        with self._lock:
            taken = dict(islice(self._waiting.items(), limit))
            for key in taken:
                del self._waiting[key]
        marks = [Mark(*key, each.read, each.delivered) for key, each in taken.items()]
        if not marks:
            return
        try:
            waiting = move_marks(marks=marks)
        except (OperationalError, InterfaceError):
            # The database is away or busy: once more with the next flush.
            self._note_again(marks, taken)
            raise
        except Exception:
            # One of them is to blame: alone, each in its own transaction.
            waiting = [held for mark in marks for held in _alone(mark)]
        self._note_again(waiting, taken, more_tries=1)
        if waiting:
            self._flush_later()

    def _note_again(
        self,
        marks: Iterable[Mark],
        taken: Mapping[tuple[int, int | None], _Waiting],
        *,
        more_tries: int = 0,
    ) -> None:
        for mark in marks:
            tries = taken[mark.conversation, mark.agent].tries + more_tries
            if tries < TRIES_MAX:
                self.note(
                    mark.conversation,
                    mark.agent,
                    read=mark.read,
                    delivered=mark.delivered,
                    tries=tries,
                )

    def _flush_later(self) -> None:
        with self._lock:
            if self._again is None:
                self._again = threading.Timer(AGAIN_SECONDS, self._flush_again)
                self._again.daemon = True
                self._again.start()

    def _flush_again(self) -> None:
        with self._lock:
            self._again = None
        self.flush()


def _alone(mark: Mark) -> list[Mark]:
    try:
        return move_marks(marks=[mark])
    except (OperationalError, InterfaceError):
        return [mark]
    except Exception:
        logger.warning("marks.not_moved", exc_info=True)
        return []


collector = Collector()
note = collector.note
flush = collector.flush
