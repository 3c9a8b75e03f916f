"""How many pushes one service is handed at a time, by this process."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock

# Of one service at a time: one that hangs keeps only so many threads, of which each hands over up
# to `TOGETHER` pushes at a time. More were measured to cost much more: docs/performance.md.
IN_FLIGHT = 2
TOGETHER = 16
# A service that has answered so lately is worth waiting for: a place is free in a moment. On a
# busy machine a call takes more than a second by itself.
PATIENCE = 4.0
# But not for longer than this: whoever is sent away costs another look, and lets later words go
# ahead at the door that then must let it go first. In seconds.
STAYS = 15.0


class _Door:
    def __init__(self, lock: Lock) -> None:
        self.busy = 0
        self.waiting = 0
        self.moved_at = -math.inf
        self.is_free = Condition(lock)


_lock = Lock()
_doors: dict[str, _Door] = {}


@contextmanager
def through(host: str) -> Iterator[bool]:
    """Hold a place at `host` while pushes are handed over; yield False when there is none.

    It waits for one up to `STAYS` seconds, and only while the service goes on answering.
    """
    with _lock:
        is_in = _enter(host)
    began = time.monotonic()
    try:
        yield is_in
    finally:
        if is_in:
            with _lock:
                _leave(host, took=time.monotonic() - began)


def answered(host: str) -> None:
    """Note that a service answers: a call of many pushes may take longer than it keeps others."""
    with _lock:
        if door := _doors.get(host):
            door.moved_at = time.monotonic()


def _enter(host: str) -> bool:
    door = _doors.setdefault(host, _Door(_lock))
    ends = time.monotonic() + STAYS
    door.waiting += 1
    while door.busy >= IN_FLIGHT:
        left = min(ends, door.moved_at + PATIENCE) - time.monotonic()
        if left <= 0:
            break
        door.is_free.wait(left)
    door.waiting -= 1
    is_in = door.busy < IN_FLIGHT
    if is_in:
        if not door.busy:
            door.moved_at = time.monotonic()
        door.busy += 1
    _forget_idle(host, door)
    return is_in


def _leave(host: str, *, took: float) -> None:
    door = _doors[host]
    door.busy -= 1
    if took < PATIENCE:
        door.moved_at = time.monotonic()
    door.is_free.notify()
    _forget_idle(host, door)


def _forget_idle(host: str, door: _Door) -> None:
    if not door.busy and not door.waiting:
        del _doors[host]
