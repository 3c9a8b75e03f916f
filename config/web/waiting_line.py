"""A line before doors that thousands may come to at once: after a restart, say.

Without it every request gets a thread at once; each is slow, all clients give up and come again,
and the server works for nobody. In a line those at work stay quick, and so does everybody else.
"""

import asyncio
import contextlib
import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from config.web.answers import send_problem

# Longer bodies don't wait in memory; no request of the doors' own has one.
BODY_MAX = 64 * 1024
# Who comes from a crowded place is to come back within so many seconds.
RETRY_SECONDS = 10
# And nobody is told to stay away for longer than this.
AWAY_SECONDS = 45
# How fast the line moves is learned from the newest requests, so many by and large.
LEARNED_FROM = 50
# Whose turn it is waits so long for agents' pages, which all share one interpreter.
COURTESY_SECONDS = 0.02


class ClientGone(Exception):
    """The client left before it had said everything."""


class WaitingLine:
    """ASGI middleware: before `door`, which serves `paths` instead of `app`.

    `at_once` requests are at work there, and others stand in line if it takes no longer than
    `seconds`. Further ones get 503, each with the time at which it would be its turn. Of those in
    line at most `each` are from one place; `place` tells it from a scope. Requests that need no
    line go first. `pace` is how many seconds apart they are served, as long as nothing is known.
    """

    def __init__(
        self,
        app: Any,
        door: Any,
        *,
        paths: Collection[str],
        at_once: int,
        seconds: float,
        each: int,
        place: Callable[[Any], str],
        pace: float = 0.01,
    ) -> None:
        self._app = app
        self._door = door
        self._paths = frozenset(paths)
        self._each = each
        self._place = place
        self._from: Counter[str] = Counter()
        self._at_once = at_once
        self._free = asyncio.Semaphore(at_once)
        self._inside = 0
        self._seconds = seconds
        self._pace = pace
        # When the last one was done while others waited; 0 after a pause.
        self._done_at = 0.0
        # The turn of whoever was sent away last.
        self._last_turn = 0.0
        self._others = 0
        self._others_done = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on when it is its turn, unless its client has gone by then."""
        if scope["path"] not in self._paths:
            await self._pass(scope, receive, send)
            return
        try:
            body = await _body(receive)
        except ClientGone:
            return
        if body is None:
            await send_problem(send, 413)
            return
        place = self._place(scope)
        if later := self._later(place):
            await send_problem(send, 503, (b"retry-after", str(later).encode()))
            return
        self._inside += 1
        self._from[place] += 1
        # Says only that the client has gone.
        next_message = asyncio.ensure_future(receive())
        try:
            async with self._free:
                await self._let_others_go_first()
                if not next_message.done():
                    await self._door(scope, _replay(body, next_message), send)
                    self._learn()
        finally:
            self._inside -= 1
            self._from[place] -= 1
            if not self._from[place]:
                del self._from[place]
            next_message.cancel()

    def _later(self, place: str) -> int:
        """Return in how many seconds to come again; 0 for whoever may stand in line."""
        if self._from[place] >= self._each:
            return 1 + secrets.randbelow(RETRY_SECONDS)
        if max(0, self._inside - self._at_once) * self._pace < self._seconds:
            return 0
        now = time.monotonic()
        turn = max(self._last_turn, now + self._seconds) + self._pace
        if turn > now + AWAY_SECONDS:
            return AWAY_SECONDS - secrets.randbelow(AWAY_SECONDS // 2)
        self._last_turn = turn
        return math.ceil(turn - now)

    def _learn(self) -> None:
        now = time.monotonic()
        if self._done_at:
            self._pace += (now - self._done_at - self._pace) / LEARNED_FROM
        self._done_at = now if self._inside > self._at_once else 0.0

    async def _pass(self, scope: Any, receive: Any, send: Any) -> None:
        self._others += 1
        self._others_done.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._others -= 1
            if not self._others:
                self._others_done.set()

    async def _let_others_go_first(self) -> None:
        if self._others:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(COURTESY_SECONDS):
                    await self._others_done.wait()


async def _body(receive: Any) -> bytes | None:
    """Return the whole body; None when it is too long. Raises `ClientGone`."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > BODY_MAX:
            return None
        if not message.get("more_body"):
            return body


def _replay(body: bytes, next_message: "asyncio.Future[Any]") -> Any:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else await next_message

    return receive
