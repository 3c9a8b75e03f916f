"""Where sockets read the database: a few own threads, so that no frame waits for a page."""

import asyncio
from collections.abc import Callable
from functools import partial

from django.db import InterfaceError, OperationalError, connection

from config.web.kept_threads import KeptThreads

readers = KeptThreads(4, name="live-read")


async def read[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `function` in one of the threads; raises what it raises."""
    call = partial(_steady, partial(function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(readers.executor, call)


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
