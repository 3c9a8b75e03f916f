"""Do the effects that are due, queue by queue."""

import math
import threading
import time
from collections import deque
from itertools import islice, takewhile

import structlog
from django.db import close_old_connections, connections
from django.utils import timezone

from config.outbox.claims import BATCH, Claim, claim, give_back
from config.outbox.effects import Journal
from config.outbox.nudges import nudge
from config.outbox.registry import (
    DEFAULT_QUEUE,
    in_turn_of,
    kinds_ahead,
    kinds_at_most_once,
    parallel_of,
    registered,
)

log = structlog.get_logger(__name__)

# Below Celery's soft time limit; what is left is nudged again.
DRAIN_SECONDS = 40.0
# How long a drain stays with effects in threads: they end without it, and are recorded.
STAY_SECONDS = 50.0
# How often it looks meanwhile for what has become due: a worker process that does one task at a
# time hears no nudge while an effect hangs.
LOOK_SECONDS = 0.25
# How often a runner that has taken some looks meanwhile for what goes ahead of them.
AHEAD_SECONDS = 0.1
# What was taken and not begun by then is given back for others, long before its lease ends.
BATCH_SECONDS = 20.0


class Lane:
    """One queue's work in this process.

    Effects run in the thread that calls `drain`, or in up to `parallel` threads of the lane's own.
    Each such runner takes what is due until nothing is left. A call that finds the lane full leaves
    its wish: who works looks again before it leaves.
    """

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._changed = threading.Condition()
        self._wanted = False
        self._waiting: deque[Claim] = deque()
        # Whose effects are at work, where those of one follow one another.
        self._busy: set[str] = set()
        self._claimed_at = -math.inf
        self._runners = 0
        self._tried = 0
        self._is_awaited = False

    def drain(self) -> int:
        """Do what is due, and return how many effects were tried."""
        until = time.monotonic() + DRAIN_SECONDS
        in_threads = parallel_of(self._queue) > 1
        with self._changed:
            self._wanted = True
            before = self._tried
            if self._runners >= parallel_of(self._queue):
                return 0
            if in_threads:
                self._start_thread(until)
            else:
                self._runners += 1
        if in_threads:
            self._wait_until_idle(until)
        else:
            self._run(until)
        return self._tried - before

    def _wait_until_idle(self, until: float) -> None:
        """Wait with the first call; others return, so that a hanging lane keeps one of them."""
        with self._changed:
            if self._is_awaited:
                return
            self._is_awaited = True
            stays = time.monotonic() + STAY_SECONDS
            try:
                while time.monotonic() < stays:
                    if self._changed.wait_for(lambda: not self._runners, timeout=LOOK_SECONDS):
                        return
                    if self._runners < parallel_of(self._queue) and time.monotonic() < until:
                        self._wanted = True
                        self._start_thread(until)
            finally:
                self._is_awaited = False

    def _start_thread(self, until: float) -> None:
        threading.Thread(
            target=self._run_in_thread, args=[until], name=f"outbox-{self._queue}", daemon=True
        ).start()
        # It waits for the lock that the caller holds.
        self._runners += 1

    def _run_in_thread(self, until: float) -> None:
        try:
            self._run(until, in_thread=True)
        except Exception as error:
            log.warning("outbox.drain_failed", queue=self._queue, error=type(error).__name__)
        finally:
            connections.close_all()

    def _run(self, until: float, *, in_thread: bool = False) -> None:
        journal = Journal()
        try:
            while True:
                if claims := self._take(until, in_thread=in_thread):
                    try:
                        if in_thread:
                            # Others may use it while the effect waits for somebody else's server.
                            close_old_connections()
                        journal.do(claims)
                    finally:
                        self._end_turn(claims[0])
                    continue
                journal.write()
                if in_thread:
                    connections.close_all()
                if self._leave(until):
                    return
        except BaseException:
            self._break_off()
            raise
        finally:
            journal.close()

    def _take(self, until: float, *, in_thread: bool) -> list[Claim]:
        """Return what to do next by one call, of what was taken already or of what is due."""
        with self._changed:
            if time.monotonic() > until:
                return []
            self._give_back_stale()
            if self._waiting:
                self._claim_ahead()
            elif self._wanted:
                self._claim_more()
            if not self._waiting:
                return []
            first = self._waiting.popleft()
            claims = [first, *self._take_with(first)]
            self._tried += len(claims)
            self._begin_turn(first)
            if in_thread and self._waiting and self._runners < parallel_of(self._queue):
                self._start_thread(until)
            return claims

    def _take_with(self, first: Claim) -> list[Claim]:
        """Return what is done by one call with an effect; what was tried before is done alone."""
        known = registered(first.kind)
        if known is None or known.together == 1 or first.attempts > 1:
            return []
        alike = known.alike
        if (common := alike(first.payload)) is None:
            return []

        def is_alike(each: Claim) -> bool:
            is_fresh = (each.kind, each.attempts) == (first.kind, 1)
            return is_fresh and alike(each.payload) == common

        # Where effects run one by one, none overtakes another.
        choose = filter if parallel_of(self._queue) > 1 else takewhile
        found = list(islice(choose(is_alike, self._waiting), known.together - 1))
        taken = set(found)
        self._waiting = deque(each for each in self._waiting if each not in taken)
        return found

    def _claim_ahead(self) -> None:
        """Take what goes ahead of what was taken: nobody waits for a whole batch."""
        if time.monotonic() - self._claimed_at > AHEAD_SECONDS and kinds_ahead(self._queue):
            claims = claim(now=timezone.now(), queue=self._queue, only_ahead=True)
            self._waiting.extendleft(reversed(claims))
            self._claimed_at = time.monotonic()

    def _claim_more(self) -> None:
        limit = BATCH
        if in_turn_of(self._queue):
            # The next one may have to wait until this one has ended.
            limit = 1
        elif kinds_at_most_once(self._queue):
            # Only what begins at once: should this process die, the rest is not in doubt.
            limit = max(1, parallel_of(self._queue) - self._runners + 1)
        self._wanted = False
        try:
            now = timezone.now()
            self._waiting.extend(claim(limit, now=now, queue=self._queue, busy=self._busy))
        except BaseException:
            self._wanted = True
            raise
        self._wanted = len(self._waiting) == limit
        self._claimed_at = time.monotonic()

    def _begin_turn(self, claimed: Claim) -> None:
        if key := in_turn_of(self._queue):
            self._busy.add(str(claimed.payload.get(key, "")))

    def _end_turn(self, claimed: Claim) -> None:
        if key := in_turn_of(self._queue):
            with self._changed:
                self._busy.discard(str(claimed.payload.get(key, "")))
                # What follows it was left alone by whoever looked meanwhile.
                self._wanted = True

    def _give_back_stale(self) -> None:
        if not self._waiting:
            return
        # Before it stands what went ahead.
        oldest = self._waiting[-1]
        patience = min(BATCH_SECONDS, oldest.lease.total_seconds() / 2)
        if time.monotonic() - oldest.taken_at > patience:
            self._give_back_all()

    def _give_back_all(self) -> None:
        claims, self._wanted = list(self._waiting), True
        self._waiting.clear()
        give_back(claims)

    def _leave(self, until: float) -> bool:
        """End a runner, unless there is more to do before `until`."""
        with self._changed:
            more = self._wanted or bool(self._waiting)
            if more and time.monotonic() <= until:
                return False
            if more:
                nudge(self._queue)
            if self._waiting and self._runners == 1:
                self._give_back_all()
            self._runners -= 1
            self._changed.notify_all()
            return True

    def _break_off(self) -> None:
        """End a runner that failed; the database may be away, so only beat comes by again."""
        with self._changed:
            self._runners -= 1
            if not self._runners:
                # Their leases end by themselves.
                self._waiting.clear()
            self._changed.notify_all()


_lanes: dict[str, Lane] = {}
_making = threading.Lock()


def drain(queue: str = DEFAULT_QUEUE) -> int:
    """Do all effects of `queue` that are due; return how many were tried.

    Safe to call from any number of threads and processes. In one process one call works (or waits
    for those who do) and the others return at once.
    """
    with _making:
        lane = _lanes.setdefault(queue, Lane(queue))
    return lane.drain()
