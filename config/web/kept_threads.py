"""A few threads that stay, each with a database connection that is closed with it."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper


class KeptThreads:
    """An executor that starts when it is first needed, also again after `close`."""

    def __init__(self, count: int, *, name: str) -> None:
        self._count = count
        self._name = name
        self._executor: ThreadPoolExecutor | None = None
        self._connections: list[BaseDatabaseWrapper] = []
        self._lock = threading.Lock()

    @property
    def executor(self) -> ThreadPoolExecutor:
        """Return the executor, as `run_in_executor` takes it."""
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(
                    self._count, thread_name_prefix=self._name, initializer=self._remember
                )
            return self._executor

    def _remember(self) -> None:
        wrapper = connections[DEFAULT_DB_ALIAS]
        # Closed by another thread, once this one has ended.
        wrapper.inc_thread_sharing()
        with self._lock:
            self._connections.append(wrapper)

    def close(self) -> None:
        """End the threads, once they have done what they are at, and their connections."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            wrappers, self._connections = self._connections, []
        for wrapper in wrappers:
            wrapper.close()
