"""Servers of the standard library that listen in a thread of the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

# By itself a server looks only each half a second whether it is to end, and whoever ends it waits.
_LOOKS_EVERY = 0.02


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """Have `server` answer until this ends, and close it then."""
    thread = threading.Thread(target=server.serve_forever, args=(_LOOKS_EVERY,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
