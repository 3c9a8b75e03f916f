"""Do the effects that are due."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextvars import ContextVar

import structlog
from django.utils import timezone

from config.outbox.claims import BATCH, MAX_ATTEMPTS, Claim, claim, fail, finish, give_back
from config.outbox.nudges import nudge
from config.outbox.registry import DEFAULT_QUEUE, registered

log = structlog.get_logger(__name__)

# Below Celery's soft time limit; what is left is nudged again.
DRAIN_SECONDS = 40.0
# A batch that takes longer gives the rest back, long before its lease ends.
BATCH_SECONDS = 20.0
# How much finished work a killed worker may leave unrecorded.
RECORD_SECONDS = 0.5


# When the effects now being done were claimed, by the monotonic clock. Whatever caused them was
# committed before, so work that looks at the whole needs doing once a batch: see `OnceABatch`.
_claimed_at: ContextVar[float] = ContextVar("claimed_at", default=math.inf)


class NoHandler(Exception):
    """Nobody registered this kind of effect."""


class _Lane:
    """One queue's drain in this process: a call during another makes that one look again."""

    def __init__(self) -> None:
        self.wanted = threading.Event()
        self.running = threading.Lock()


_lanes: dict[str, _Lane] = defaultdict(_Lane)


def drain(queue: str = DEFAULT_QUEUE) -> int:
    """Do all effects of `queue` that are due; return how many were tried.

    Safe to call from any number of threads and processes; in one process one call works and the
    others return at once.
    """
    lane = _lanes[queue]
    lane.wanted.set()
    tried = 0
    until = time.monotonic() + DRAIN_SECONDS
    # Looked at again after letting go: a call that found us running has left its wish here.
    while lane.wanted.is_set() and lane.running.acquire(blocking=False):
        try:
            lane.wanted.clear()
            tried += _drain_until_empty(queue, until)
        finally:
            lane.running.release()
        if time.monotonic() > until:
            nudge(queue)
            break
    return tried


def _drain_until_empty(queue: str, until: float) -> int:
    tried = 0
    while time.monotonic() < until:
        claims = claim(now=timezone.now(), queue=queue)
        tried += len(claims)
        token = _claimed_at.set(time.monotonic())
        try:
            _do(claims)
        finally:
            _claimed_at.reset(token)
        if len(claims) < BATCH:
            break
    return tried


class OnceABatch:
    """Runs `work` unless it has already run well since the effect at hand was claimed.

    For work that looks at everything (the queue, say) whatever the effect was about.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._ran_at = -math.inf

    def __call__(self) -> None:
        """Run, or don't: somebody has since looked at what caused this."""
        if self._ran_at < _claimed_at.get():
            started = time.monotonic()
            self._work()
            self._ran_at = started


def _do(claims: Sequence[Claim]) -> None:
    done: list[Claim] = []
    started = recorded = time.monotonic()
    for position, claimed in enumerate(claims):
        clock = time.monotonic()
        if clock - started > BATCH_SECONDS:
            give_back(claims[position:])
            break
        if done and clock - recorded > RECORD_SECONDS:
            finish(done, now=timezone.now())
            done, recorded = [], clock
        if error := _effect(claimed):
            dead = fail(claimed, error, now=timezone.now())
            log.warning(
                "outbox.dead" if dead else "outbox.failed",
                kind=claimed.kind,
                entry=claimed.pk,
                attempts=claimed.attempts,
                error=type(error).__name__,
            )
        elif (known := registered(claimed.kind)) and known.at_most_once:
            finish([claimed], now=timezone.now())
        else:
            done.append(claimed)
    finish(done, now=timezone.now())


def _effect(claimed: Claim) -> Exception | None:
    """Call the handler; return what went wrong."""
    if claimed.attempts > MAX_ATTEMPTS:
        # Its worker died each time, so nobody was left to write down a failure.
        return TimeoutError("every worker that took it vanished")
    known = registered(claimed.kind)
    if known is None:
        return NoHandler(claimed.kind)
    try:
        known.handler(claimed.payload)
    except Exception as error:
        return error
    return None
