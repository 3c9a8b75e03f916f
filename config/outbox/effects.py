"""Do one effect after another, and write down what became of each."""

import math
import time
from collections.abc import Callable
from contextvars import ContextVar

import structlog
from django.utils import timezone

from config.outbox.claims import MAX_ATTEMPTS, Apart, Claim, RetryAfter, fail, finish
from config.outbox.leases import keeper
from config.outbox.nudges import nudge
from config.outbox.registry import queue_of, registered

log = structlog.get_logger(__name__)

# How much finished work a killed worker may leave unrecorded.
RECORD_SECONDS = 0.5

# When the effect now being done was claimed, by the monotonic clock. Work that looks at the whole
# needs doing once after that, see `OnceABatch`.
_claimed_at: ContextVar[float] = ContextVar("claimed_at", default=math.inf)


class NoHandler(Exception):
    """Nobody registered this kind of effect."""


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


class Journal:
    """Does effects in one thread; what was done is written down a little later, many at once.

    Their leases are renewed until then. `close` lets go of them, whatever went wrong.
    """

    def __init__(self) -> None:
        self._done: list[Claim] = []
        self._written_at = time.monotonic()

    def do(self, claims: list[Claim]) -> None:
        """Do an effect, or several of one kind by one call of its handler.

        A failure is written down at once, and so is what must not be repeated.
        """
        if time.monotonic() - self._written_at > RECORD_SECONDS:
            self.write()
        for claimed in claims:
            keeper.hold(claimed)
        self._done += claims
        if error := _effect(claims):
            del self._done[-len(claims) :]
            if isinstance(error, Apart):
                # One is to blame: the others shall not wait for its next try.
                for claimed in claims:
                    self.do([claimed])
                return
            try:
                for claimed in claims:
                    _record_failure(claimed, error)
            finally:
                keeper.release(claims)
        elif (known := registered(claims[0].kind)) and known.at_most_once:
            self.write()

    def write(self) -> None:
        """Write down what was done."""
        finish(self._done, now=timezone.now())
        self.close()
        self._written_at = time.monotonic()

    def close(self) -> None:
        """Stop renewing leases; what is not written down by now will be done again."""
        keeper.release(self._done)
        self._done = []


def _record_failure(claimed: Claim, error: Exception) -> None:
    again_at = fail(claimed, error, now=timezone.now())
    if again_at:
        nudge(queue_of(claimed.kind), again_at)
        if isinstance(error, RetryAfter):
            log.info("outbox.waits", kind=claimed.kind, entry=claimed.pk)
            return
    log.warning(
        "outbox.failed" if again_at else "outbox.dead",
        kind=claimed.kind,
        entry=claimed.pk,
        attempts=claimed.attempts,
        error=type(error).__name__,
    )


def _effect(claims: list[Claim]) -> Exception | None:
    """Call the handler; return what went wrong."""
    first = claims[0]
    if first.attempts > MAX_ATTEMPTS:
        # Its worker died each time, so nobody was left to write down a failure.
        return TimeoutError("every worker that took it vanished")
    known = registered(first.kind)
    if known is None:
        return NoHandler(first.kind)
    token = _claimed_at.set(min(claimed.taken_at for claimed in claims))
    try:
        known.handler([claimed.payload for claimed in claims])
    except Exception as error:
        return error
    finally:
        _claimed_at.reset(token)
    return None
