"""A door that takes nothing of a long body before it knows who brings it."""

import asyncio
from typing import Any

from config.web.body_limits import throw_away

# What says how long a body is, which the question is asked without.
_OF_BODIES = {b"content-length", b"transfer-encoding", b"content-type", b"expect"}
# A body up to this length is worth no question: who takes it refuses whom they don't know.
SMALL = 64 * 1024
_NOT_ALLOWED = 405


class AskFirst:
    """ASGI middleware: a long POST to `app` comes after `pages` were asked whether it may.

    The question is the same request without its body, as a GET: what guards the address answers
    before anything that depends on the method. What it refuses, or sends to another door, is
    refused.

    A browser reads no answer while it still sends: `of_browsers` has the rest come, for nobody.
    """

    def __init__(self, app: Any, pages: Any, *, of_browsers: bool = False) -> None:
        self._app = app
        self._pages = pages
        self._of_browsers = of_browsers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Ask, then pass the request on or answer what was answered."""
        if 0 <= _length(scope) <= SMALL:
            await self._app(scope, receive, send)
            return
        headers = [pair for pair in scope["headers"] if pair[0] not in _OF_BODIES]
        answer: list[Any] = []

        async def keep(message: Any) -> None:
            answer.append(message)

        await self._pages(scope | {"method": "GET", "headers": headers}, _nothing(), keep)
        status = answer[0]["status"] if answer else 500
        if status < 300 or status == _NOT_ALLOWED:
            await self._app(scope, receive, send)
            return
        if self._of_browsers:
            await throw_away(receive)
        answer[0] = {**answer[0], "headers": [*answer[0]["headers"], (b"connection", b"close")]}
        for message in answer:
            await send(message)


def _nothing() -> Any:
    is_asked = False

    async def receive() -> Any:
        nonlocal is_asked
        if is_asked:
            # The client is still there; whoever waits for its end is stopped.
            await asyncio.Event().wait()
        is_asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


def _length(scope: Any) -> int:
    """Return how long the body says it is; -1 when it doesn't."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else -1
