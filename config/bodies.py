"""A limit on request bodies before anything reads them: Django spools any length to disk."""

from typing import Any

from config.problems import send_problem


class BodyTooBig(Exception):
    """More bytes arrived than any request of ours needs."""


class LimitBodies:
    """ASGI middleware: answers 413 as soon as a body is, or says it will be, too long."""

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
        started = False

        async def counted() -> Any:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._limit:
                    raise BodyTooBig
            return message

        async def noted(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except BodyTooBig:
            if started:
                raise
            await send_problem(send, 413)


def _announced(scope: Any) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
