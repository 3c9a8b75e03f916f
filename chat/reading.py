"""Where sockets read the database: a few own threads, so that no frame waits for a page."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

THREADS = 4


class Readers:
    """An executor whose threads keep their database connections."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._connections: list[BaseDatabaseWrapper] = []
        self._lock = threading.Lock()

    async def read[**P, R](self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `function` in one of the threads; raises what it raises."""
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(
                    THREADS, thread_name_prefix="live-read", initializer=self._remember
                )
            executor = self._executor
        call = partial(_steady, partial(function, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(executor, call)

    def _remember(self) -> None:
        wrapper = connections[DEFAULT_DB_ALIAS]
        # Closed by another thread, once this one has ended.
        wrapper.inc_thread_sharing()
        with self._lock:
            self._connections.append(wrapper)

    def close(self) -> None:
        """End the threads and their connections; the next read starts new ones."""
        with self._lock:
            executor, self._executor = self._executor, None
            wrappers, self._connections = self._connections, []
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)
        for wrapper in wrappers:
            wrapper.close()


def _steady[R](call: Callable[[], R]) -> R:
    """Call; once more, on a new connection, when the kept one turns out to be broken."""
    try:
        return call()
    except (InterfaceError, OperationalError):
        was_open = connection.connection is not None
        if was_open and connection.is_usable():
            raise
        connection.close()
        if not was_open:
            raise
        return call()


readers = Readers()
read = readers.read
