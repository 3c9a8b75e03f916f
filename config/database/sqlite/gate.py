"""One fair line for all who want to write to the same SQLite file from this process.

SQLite lets one transaction write at a time and makes the others sleep and try again, in no order:
under load some wait for seconds. Here they stand in line and are woken one by one.
"""

import os
import sqlite3
import threading
from collections import defaultdict, deque
from typing import Any


class Gate:
    """Lets one in at a time, first come, first served."""

    def __init__(self) -> None:
        # Reentrant: a dying connection may leave (in the garbage collector) at any point of
        # these methods, and each statement below keeps the line right if it does.
        self._lock = threading.RLock()
        self._line: deque[threading.Lock] = deque()
        self._occupied = False

    def enter(self, timeout: float) -> bool:
        """Wait for my turn; False if it did not come in time."""
        ticket = threading.Lock()
        ticket.acquire()
        with self._lock:
            self._line.append(ticket)
            self._call_next()
        if ticket.acquire(timeout=timeout):
            return True
        with self._lock:
            try:
                self._line.remove(ticket)
            except ValueError:
                # Called at the last moment.
                return True
            return False

    def leave(self) -> None:
        """Let the next one in."""
        with self._lock:
            self._occupied = False
            self._call_next()

    def _call_next(self) -> None:
        if not self._occupied and self._line:
            self._occupied = True
            self._line.popleft().release()


_gates: defaultdict[str, Gate] = defaultdict(Gate)
# A child of a fork has none of the threads that stood in line.
os.register_at_fork(after_in_child=_gates.clear)


def gate_of(database: str) -> Gate:
    """Return the gate of a database file."""
    return _gates[database]


class GatedConnection(sqlite3.Connection):
    """A connection that holds the gate while it writes."""

    def __init__(self, *args: Any, gate: Gate, patience: float, **kwargs: Any) -> None:
        self._gate = gate
        self._patience = patience
        self._inside = False
        super().__init__(*args, **kwargs)

    def enter_gate(self) -> None:
        """Wait for the right to write, unless we have it."""
        if not self._inside:
            if not self._gate.enter(self._patience):
                raise sqlite3.OperationalError("database is locked")
            self._inside = True

    def leave_gate(self) -> None:
        """Let others write, unless a transaction is open."""
        if self._inside and not self.in_transaction:
            self._inside = False
            self._gate.leave()

    def commit(self) -> None:
        """Commit, and let the next one in."""
        try:
            super().commit()
        finally:
            self.leave_gate()

    def rollback(self) -> None:
        """Roll back, and let the next one in."""
        try:
            super().rollback()
        finally:
            self.leave_gate()

    def close(self) -> None:
        """Close (which rolls back), and let the next one in."""
        try:
            super().close()
        finally:
            if self._inside:
                self._inside = False
                self._gate.leave()

    def __del__(self) -> None:
        # The thread died with a transaction open.
        if getattr(self, "_inside", False):
            self.close()
