"""Limits on request bodies before anything reads them: Django keeps any length in memory and on
disk, and waits for ever."""

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from config.web.answers import send_problem

# Between two parts of a body, and for all of it: an upload over a slow line takes minutes.
PAUSE_SECONDS = 30.0
BODY_SECONDS = 300.0
# Whatever else comes from there, words are taken: all may come through one proxy.
SMALL = 64 * 1024
# A connection that is closed while its body still comes is reset, and no browser reads the answer.
# So bodies up to so many times the limit are let in and thrown away, for these seconds at most.
UNREAD = 5
UNREAD_SECONDS = 20.0
# When to come again to whoever is sending too much at once.
RETRY_SECONDS = 10


class BadBody(Exception):
    """More bytes arrived than any request of ours needs, or they take too long."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class LimitBodies:
    """ASGI middleware: answers 413 as soon as a body is, or says it will be, too long, 408 when it
    doesn't come, and 429 to a large one when all those of its place are more than `each` bytes.

    `larger` is for what is posted to the paths that a pattern fits as a whole; `place` tells where
    it comes from.
    """

    def __init__(
        self,
        app: Any,
        *,
        limit: int,
        larger: Mapping[re.Pattern[str], int] | None = None,
        each: int,
        place: Callable[[Any], str],
    ) -> None:
        self._app = app
        self._limit = limit
        self._larger = dict(larger or {})
        self._each = each
        self._place = place
        # Bytes that are here for requests at work.
        self._held: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on with its bytes counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope)
        if (announced := _announced(scope)) > limit:
            if announced <= UNREAD * limit:
                await throw_away(receive)
            await send_problem(send, 413)
            return
        received = 0
        place = ""
        started = ended = False
        begun = time.monotonic()

        async def counted() -> Any:
            nonlocal received, ended, place
            if ended:
                # Nothing but the end of the connection comes now.
                return await receive()
            left = begun + BODY_SECONDS - time.monotonic()
            try:
                async with asyncio.timeout(min(PAUSE_SECONDS, left)):
                    message = await receive()
            except TimeoutError:
                raise BadBody(408) from None
            if message["type"] == "http.request" and (length := len(message.get("body", b""))):
                place = place or self._place(scope)
                received += length
                self._held[place] += length
                if received > limit:
                    raise BadBody(413)
                if received > SMALL and self._held[place] > self._each:
                    raise BadBody(429)
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
            again = [(b"retry-after", str(RETRY_SECONDS).encode())] if bad.status == 429 else []
            await send_problem(send, bad.status, *again)
        finally:
            if place:
                self._held[place] -= received
                if not self._held[place]:
                    del self._held[place]

    def _limit_of(self, scope: Any) -> int:
        if scope["method"] != "POST":
            return self._limit
        path = scope["path"]
        larger = (most for paths, most in self._larger.items() if paths.fullmatch(path))
        return next(larger, self._limit)


async def throw_away(receive: Any) -> None:
    """Let what still comes of a body come, for a while, and keep nothing of it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(UNREAD_SECONDS):
            while (message := await receive()).get("more_body"):
                del message


def _announced(scope: Any) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
