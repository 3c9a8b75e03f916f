"""Limits on request bodies before anything reads them: Django spools any length to disk, and waits
for ever."""

import asyncio
import time
from typing import Any

from config.problems import send_problem

# Between two parts of a body, and for all of it: an upload over a slow line takes minutes.
PAUSE_SECONDS = 30.0
BODY_SECONDS = 300.0


class BadBody(Exception):
    """More bytes arrived than any request of ours needs, or they take too long."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class LimitBodies:
    """ASGI middleware: answers 413 as soon as a body is, or says it will be, too long, and 408 when
    it doesn't come."""

    def __init__(self, app: Any, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on with its bytes counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced(scope) > self._limit:
            await send_problem(send, 413)
            return
        received = 0
        started = ended = False
        begun = time.monotonic()

        async def counted() -> Any:
            nonlocal received, ended
            if ended:
                # Nothing but the end of the connection comes now.
                return await receive()
            left = begun + BODY_SECONDS - time.monotonic()
            try:
                async with asyncio.timeout(min(PAUSE_SECONDS, left)):
                    message = await receive()
            except TimeoutError:
                raise BadBody(408) from None
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._limit:
                    raise BadBody(413)
            ended = not message.get("more_body")
            return message

        async def noted(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except BadBody as bad:
            if started:
                raise
            await send_problem(send, bad.status)


def _announced(scope: Any) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
