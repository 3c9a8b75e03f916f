"""How fast one socket may speak, and what happens when it speaks faster."""

import time

from django.conf import settings

# How long reading may stop, all in all, before the server says no.
PATIENCE_SECONDS = 2.0
# Refusals in a row after which the client evidently doesn't listen.
REFUSALS_MAX = 200
# Pings of one socket within so many seconds, or at once; a page sends one every 25 s.
PINGS_MAX = 100
PINGS_SECONDS = 20.0


class TooManyPings(Exception):
    """No page asks that often whether we are here."""


def count_ping(paid_until: float) -> float:
    """Return when all pings so far would have come at the allowed pace; raises `TooManyPings`."""
    now = time.monotonic()
    paid_until = max(paid_until, now) + PINGS_SECONDS / PINGS_MAX
    if paid_until > now + PINGS_SECONDS:
        raise TooManyPings
    return paid_until


class Bucket:
    """A token bucket that first slows a socket down and then refuses its sends.

    Once a send is refused, so is every later one until the refused one comes again: otherwise
    one author's messages would be stored in another order than they were typed.
    """

    __slots__ = ("_at", "_paused", "_tokens", "first_refused", "refusals")

    def __init__(self) -> None:
        self._tokens = float(settings.IMECE["SOCKET_BURST"])
        self._at = time.monotonic()
        self._paused = 0.0
        self.first_refused: str | None = None
        self.refusals = 0

    def take(self) -> float:
        """Take one token; return 0, or how many seconds are missing until there is one."""
        limits = settings.IMECE
        now = time.monotonic()
        rate = limits["SOCKET_RATE"]
        self._tokens = min(limits["SOCKET_BURST"], self._tokens + (now - self._at) * rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        missing: float = (1 - self._tokens) / rate
        return missing

    def granted(self) -> None:
        """Note that a frame passed without waiting."""
        self._paused = 0.0

    def may_pause(self, seconds: float) -> bool:
        """Return whether reading may stop that long once more."""
        if self._paused + seconds > PATIENCE_SECONDS:
            return False
        self._paused += seconds
        return True

    def still_refuses(self, cid: str) -> bool:
        """Return whether a send is refused because an earlier one was."""
        if self.first_refused is None:
            return False
        if cid == self.first_refused and self.take() == 0:
            self.first_refused, self.refusals, self._paused = None, 0, 0.0
            # The caller takes its token.
            self._tokens += 1
            return False
        self.refusals += 1
        return True

    def refuse(self, cid: str) -> None:
        """Begin to refuse, from this send on."""
        self.first_refused, self.refusals = cid, 1
