"""The one writer of messages of a web process: what arrives during a commit goes together next.

Senders get their result after the commit. Chats whose row somebody else holds are written alone
by a few other threads, so that one slow operation stalls nobody else.
"""

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
)
from django.utils import timezone

from chat.posting.messages import (
    BUSY,
    INVALID,
    UNAVAILABLE,
    Outgoing,
    Refusal,
    Result,
    post_message,
    post_messages,
)

logger = logging.getLogger(__name__)

BATCH_MAX = 200
QUEUE_MAX = 2000
JOBS_MAX = 100
ATTEMPTS = 3
SLOW_THREADS = 4
# Deadlock, serialization failure: another try may pass.
_PASSING = frozenset({"40P01", "40001"})
# Lock or statement took too long: the connection is sound.
_OURS = frozenset({"55P03", "57014"})
# The connection was lost, or an administrator ended it.
_LOST = ("08", "57P")
# Our own mistake; sending it again would end the same way.
BROKEN = Refusal("unavailable")


class WriterClosed(Exception):
    """The queue is full or the writer has ended."""


class Sending(NamedTuple):
    """A message on its way to the database; its futures belong to the loop that sends it."""

    # What became of it, after the commit.
    result: asyncio.Future[Result]
    # Soon known: True when the chat's row is taken, so that the result may take long; False when
    # the result is there. One future for both is a third of the price of waiting for two.
    parked: asyncio.Future[bool]


@dataclass(slots=True)
class _Item:
    draft: Outgoing
    # Called in the writer's thread with the result (first with `BUSY` if it will take longer);
    # must not block.
    done: Callable[[Result], None]


class _WriterThread(threading.Thread):
    """A thread with its own database connection, kept while it lives."""

    def __init__(self, name: str, work: Callable[[], bool]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work

    def run(self) -> None:
        try:
            while self._work():
                pass
        finally:
            connection.close()


class MessageWriter:
    """Group commit for the sends of this process. Threads start with the first send."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._queue: deque[_Item] = deque()
        self._jobs: deque[Callable[[], None]] = deque()
        # Whether the fast lane's last turn was a job's.
        self._did_job = False
        # By conversation: what waits for its row. The first of them is being written.
        self._slow: dict[str, deque[_Item]] = {}
        self._slow_ready: deque[str] = deque()
        self._lanes: list[_WriterThread] = []
        self._fast: _WriterThread | None = None
        self._in_hand = 0
        self._closed = False

    # Doors

    async def submit(self, draft: Outgoing) -> Result:
        """Store `draft` and return what became of it, after the commit."""
        return await self.begin(draft).result

    def begin(self, draft: Outgoing) -> Sending:
        """Start storing `draft`, from a running event loop."""
        loop = asyncio.get_running_loop()
        sending = Sending(loop.create_future(), loop.create_future())
        mailbox = _Mailbox.of(loop)
        try:
            self._put(_Item(draft, partial(mailbox.put, sending)))
        except WriterClosed:
            _tell(sending, UNAVAILABLE)
        return sending

    def submit_and_wait(self, draft: Outgoing, *, timeout: float = 20.0) -> Result:
        """Store `draft` from a thread that may block, and return what became of it."""
        if connection.in_atomic_block:
            # The message belongs to the caller's transaction.
            return post_message(draft, now=timezone.now())
        future: Future[Result] = Future()
        try:
            self._put(_Item(draft, partial(_settle, future)))
            return future.result(timeout)
        except (WriterClosed, TimeoutError):
            return UNAVAILABLE

    def _put(self, item: _Item) -> None:
        with self._condition:
            if self._closed or self._in_hand >= QUEUE_MAX:
                raise WriterClosed
            self._start()
            self._in_hand += 1
            self._queue.append(item)
            self._condition.notify_all()

    def _start(self) -> None:
        if self._fast is None:
            self._fast = _WriterThread("message-writer", self._write_batch)
            self._fast.start()

    def between(self, job: Callable[[], None]) -> None:
        """Run `job` in the writer's thread between two batches.

        For small writes to rows of chats: elsewhere they would make those rows look taken.
        """
        with self._condition:
            if not self._closed and len(self._jobs) < JOBS_MAX:
                self._start()
                self._jobs.append(job)
                self._condition.notify_all()

    def drain(self, timeout: float = 4.0) -> bool:
        """Wait until everything in hand is answered; return False if some is not."""
        deadline = time.monotonic() + timeout
        with self._condition:
            return self._condition.wait_for(
                lambda: not self._in_hand, max(0.0, deadline - time.monotonic())
            )

    def close(self) -> None:
        """Write what is in hand and end the threads; the next send starts them again."""
        self.drain()
        with self._condition:
            self._closed = True
            self._condition.notify_all()
            lanes = [lane for lane in (self._fast, *self._lanes) if lane is not None]
        for lane in lanes:
            lane.join(2.0)
        with self._condition:
            self._fast, self._lanes, self._closed = None, [], False

    # The fast lane

    def _write_batch(self) -> bool:
        batch = self._take()
        if batch is None:
            return False
        if not batch:
            self._run_job()
            return True
        results: list[Result] | None = None
        # One of them may be to blame when it fails: then alone, each in its own transaction.
        with contextlib.suppress(Exception):
            results = _attempt([item.draft for item in batch], wait=False)
        self._answer(batch, results or [_alone(item.draft) for item in batch])
        return True

    def _take(self) -> list[_Item] | None:
        with self._condition:
            batch: list[_Item] = []
            while not batch:
                # In turns: batches may come without end, and so may jobs.
                if self._jobs and not (self._did_job and self._queue):
                    self._did_job = True
                    return []
                while self._queue and len(batch) < BATCH_MAX:
                    item = self._queue.popleft()
                    if (waiting := self._slow.get(item.draft.conversation)) is not None:
                        waiting.append(item)
                        item.done(BUSY)
                    else:
                        batch.append(item)
                if not batch:
                    if self._closed:
                        return None
                    self._condition.wait()
            self._did_job = False
            return batch

    def _run_job(self) -> None:
        with self._condition:
            job = self._jobs.popleft()
        try:
            job()
        except Exception as error:
            if isinstance(error, (InterfaceError, OperationalError)) and _is_away(error):
                connection.close()
            logger.warning("messages.job_failed", exc_info=True)

    def _answer(self, items: list[_Item], results: list[Result]) -> None:
        finished = 0
        for item, result in zip(items, results, strict=True):
            if result is BUSY:
                self._slow_down(item)
            else:
                item.done(result)
                finished += 1
        if finished:
            with self._condition:
                self._in_hand -= finished
                if not self._in_hand:
                    self._condition.notify_all()

    # The slow lanes

    def _slow_down(self, item: _Item) -> None:
        conversation = item.draft.conversation
        item.done(BUSY)
        with self._condition:
            if (waiting := self._slow.get(conversation)) is not None:
                waiting.append(item)
                return
            self._slow[conversation] = deque([item])
            self._slow_ready.append(conversation)
            if len(self._lanes) < min(SLOW_THREADS, len(self._slow)):
                lane = _WriterThread(f"message-writer-slow-{len(self._lanes)}", self._write_slow)
                self._lanes.append(lane)
                lane.start()
            self._condition.notify_all()

    def _write_slow(self) -> bool:
        with self._condition:
            while not self._slow_ready:
                if self._closed:
                    return False
                self._condition.wait()
            conversation = self._slow_ready.popleft()
            items = list(self._slow[conversation])
        for item in items:
            self._answer([item], [_alone(item.draft)])
        # Seldom needed: others may have the connection meanwhile.
        connection.close()
        with self._condition:
            waiting = self._slow[conversation]
            for _ in items:
                waiting.popleft()
            if waiting:
                self._slow_ready.append(conversation)
            else:
                del self._slow[conversation]
        return True


class _Mailbox:
    """Results on their way into one event loop: many share a wake-up."""

    _all: "dict[asyncio.AbstractEventLoop, _Mailbox]" = {}

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._results: deque[tuple[Sending, Result]] = deque()
        self._scheduled = False

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> "_Mailbox":
        """Return the mailbox of a loop."""
        mailbox = cls._all.get(loop)
        if mailbox is None:
            for other in [each for each in cls._all if each.is_closed()]:
                del cls._all[other]
            mailbox = cls._all[loop] = cls(loop)
        return mailbox

    def put(self, sending: Sending, result: Result) -> None:
        """Hand over a result from another thread; `BUSY` says that it will take longer."""
        self._results.append((sending, result))
        if not self._scheduled:
            self._scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:
                # The loop has ended, and its sockets with it.
                self._results.clear()

    def _deliver(self) -> None:
        # Before the deque is emptied: who adds from now on schedules another call.
        self._scheduled = False
        while self._results:
            _tell(*self._results.popleft())


def _tell(sending: Sending, result: Result) -> None:
    """Let whoever sends know how it stands; who gave up waiting has cancelled the future."""
    if result is not BUSY and not sending.result.done():
        sending.result.set_result(result)
    if not sending.parked.done():
        sending.parked.set_result(result is BUSY)


def _settle(future: "Future[Result]", result: Result) -> None:
    if result is not BUSY:
        future.set_result(result)


def _attempt(drafts: list[Outgoing], *, wait: bool) -> list[Result]:
    """Store `drafts` in one transaction; raises when that fails for a reason of their own."""
    for attempt in range(ATTEMPTS):
        try:
            return post_messages(drafts, now=timezone.now(), wait=wait)
        except (InterfaceError, OperationalError) as error:
            if _is_away(error):
                connection.close()
                if attempt:
                    logger.warning("messages.database_away")
                    break
                # The server may have come back since: once more, on a new connection.
            elif _state(error) in _PASSING or "database is locked" in str(error):
                time.sleep(random.uniform(0.005, 0.03) * (attempt + 1))  # noqa: S311
            else:
                raise
    return [UNAVAILABLE] * len(drafts)


def _alone(draft: Outgoing) -> Result:
    try:
        return _attempt([draft], wait=True)[0]
    except (DataError, IntegrityError):
        logger.exception("messages.not_storable")
        return INVALID
    except (DatabaseError, InterfaceError):
        logger.exception("messages.not_stored")
        return UNAVAILABLE
    except Exception:
        logger.exception("messages.not_stored")
        return BROKEN


def _state(error: Exception) -> str | None:
    state: str | None = getattr(error.__cause__, "sqlstate", None)
    return state


def _is_away(error: Exception) -> bool:
    """Return whether the connection is broken, or none could be had."""
    if isinstance(error, InterfaceError):
        return True
    state = _state(error)
    if state in _PASSING or state in _OURS:
        return False
    if connection.vendor == "postgresql" and (state is None or state.startswith(_LOST)):
        # `is_usable()` can't tell: `atomic` has opened another connection meanwhile.
        return True
    return connection.connection is None or not connection.is_usable()


writer = MessageWriter()
