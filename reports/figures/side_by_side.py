"""Reading facts on several connections at once: over a year each reading keeps a core busy."""

from collections.abc import Callable, Sequence

from django.db import connection

from config.database.postgres import roomy
from config.web.kept_threads import KeptThreads

# Of a process: whoever opens a year meanwhile waits, and the database keeps its memory.
readings = KeptThreads(4, name="report-read")


def read_side_by_side[T](calls: Sequence[Callable[[], T]]) -> list[T]:
    """Return what each call returns, in their order; raises what the first to fail raises.

    One after the other on SQLite, and where a transaction holds rows that other connections
    can't see.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block or len(calls) < 2:
        with roomy():
            return [call() for call in calls]
    running = [readings.executor.submit(_with_room, call) for call in calls]
    return [each.result() for each in running]


def _with_room[T](call: Callable[[], T]) -> T:
    try:
        with roomy():
            return call()
    finally:
        # Back to the pool, which looks whether it still works before it gives it out.
        connection.close()
