"""The web server: uvicorn, told how to leave without losing a word."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import uvicorn

from config.web.head_limits import ShortHeads
from config.web.socket_limits import BoundedSocket

logger = logging.getLogger(__name__)

# Called one after the other when the process is asked to end, while its sockets are still open:
# say `bye`, write what is in hand. What comes later is not acked, so its sender sends it again.
before_shutdown: list[Callable[[], Awaitable[None]]] = []
FAREWELL_SECONDS = 5.0
GRACE_SECONDS = 10


class Server(uvicorn.Server):
    """Says that it serves, and lets the rooms say goodbye before it closes their sockets."""

    def __init__(self, config: uvicorn.Config, *, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nobody new, say goodbye, close every socket with 1012, let requests finish."""
        for listener in self.servers:
            listener.close()
        await say_goodbye()
        await super().shutdown(sockets)


async def say_goodbye() -> None:
    """Run what is registered in `before_shutdown`; a failure or a hang doesn't stop the rest."""
    for farewell in before_shutdown:
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await farewell()
        except Exception:
            logger.exception("farewell_failed")


def make_server(*, host: str, port: int, on_started: Callable[[], None]) -> Server:
    """Return the server of the product; `run()` blocks until SIGTERM or Ctrl-C."""
    config = uvicorn.Config(
        "config.asgi:application",
        host=host,
        port=port,
        loop="uvloop",
        http=ShortHeads,
        ws=BoundedSocket,
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        # Who the client is says `ALLAUTH_TRUSTED_PROXY_COUNT`; uvicorn would believe any sender.
        proxy_headers=False,
        server_header=False,
        # Its lines hold query strings.
        access_log=False,
        log_config=None,
        # Longer than a reverse proxy keeps an idle connection, so that it is never cut mid-request.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config, on_started=on_started)
