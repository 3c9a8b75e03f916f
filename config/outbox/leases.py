"""Keeps the leases of effects that are at work, however long they take.

Without it an effect that takes longer than its lease would be taken up a second time, or be called
`unknown` although it still runs.
"""

import math
import threading
import time
from collections.abc import Collection

import structlog
from django.db import connections
from django.utils import timezone

from config.outbox.claims import Claim, renew

log = structlog.get_logger(__name__)

# A renewal that fails has two more chances before the lease ends.
RENEWALS = 3
# How long the thread leaves a broken database alone, in seconds.
BACK_OFF = 1.0


class Keeper:
    """One daemon thread that renews the leases of all effects at work in this process."""

    def __init__(self) -> None:
        # When to renew next, by the monotonic clock.
        self._held: dict[Claim, float] = {}
        self._changed = threading.Condition()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    def hold(self, claimed: Claim) -> None:
        """Renew this lease from now on."""
        with self._changed:
            self._held[claimed] = claimed.taken_at + _interval(claimed)
            if self._thread is None or not self._thread.is_alive():
                self._wakes_at = math.inf
                self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
                self._thread.start()
            # Effects that end before that are none of the thread's business.
            if self._held[claimed] < self._wakes_at:
                self._changed.notify()

    def release(self, claims: Collection[Claim]) -> None:
        """Leave these leases alone."""
        with self._changed:
            for claimed in claims:
                self._held.pop(claimed, None)

    def _run(self) -> None:
        while True:
            due = self._wait_for_due()
            try:
                renew(due, now=timezone.now())
            except Exception as error:
                log.warning("outbox.lease_not_renewed", error=type(error).__name__)
                self._plan(due, BACK_OFF)
            finally:
                connections.close_all()

    def _wait_for_due(self) -> list[Claim]:
        with self._changed:
            while True:
                now = time.monotonic()
                if due := [claimed for claimed, at in self._held.items() if at <= now]:
                    for claimed in due:
                        self._held[claimed] = now + _interval(claimed)
                    return due
                self._wakes_at = min(self._held.values(), default=math.inf)
                wait = self._wakes_at - now
                self._changed.wait(None if wait == math.inf else wait)

    def _plan(self, claims: Collection[Claim], seconds: float) -> None:
        with self._changed:
            for claimed in claims:
                if claimed in self._held:
                    self._held[claimed] = time.monotonic() + seconds


def _interval(claimed: Claim) -> float:
    return claimed.lease.total_seconds() / RENEWALS


keeper = Keeper()
