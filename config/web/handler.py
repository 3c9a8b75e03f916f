"""Django as an ASGI application that serves a whole request in one of a few kept threads.

Django's own handler gives every request a thread (and on SQLite a connection) of its own, and
crosses between thread and event loop for each signal and middleware: half the cost of a small page.
None of ours is asynchronous, so here a request crosses twice, and a crowd waits in line.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from contextvars import copy_context
from typing import IO, Any, cast

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

from config.web.answers import send_problem
from config.web.kept_threads import KeptThreads
from config.web.problems import may_pass
from config.web.turns import Turns


class ThreadedHandler(ASGIHandler):
    """The pages and calls of the product, at most `threads` at a time.

    Those who wait get their turns round by `place`, which tells it from a scope.
    """

    def __init__(self, *, threads: int, place: Callable[[Any], str]) -> None:
        # Not ASGIHandler's, which prepares asynchronous middleware.
        BaseHandler.__init__(self)
        self.load_middleware()
        self.threads = KeptThreads(threads, name="page")
        self._turns = Turns(threads)
        self._place = place

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        except OSError as error:
            # The disk has no room for what is sent.
            if not may_pass(error):
                raise
            await send_problem(send, 503, (b"retry-after", b"5"))
            return
        # Says only that the client has gone.
        next_message = asyncio.ensure_future(receive())
        try:
            await self._turns.take(self._place(scope))
            try:
                response = await self._in_thread(self._respond, scope, body, next_message)
            finally:
                self._turns.give()
        finally:
            next_message.cancel()
        if response is None:
            return
        if isinstance(response, StreamingHttpResponse):
            if isinstance(response, FileResponse):
                response.block_size = self.chunk_size
            response.streaming_content = self._parts(iter(response))
            try:
                await self.send_response(response, send)
            finally:
                await self._in_thread(response.close)
        else:
            await self.send_response(response, send)

    async def _in_thread(self, call: Any, *args: Any) -> Any:
        # In a context of its own: what one request sets (language, time zone) ends with it.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads.executor, copy_context().run, call, *args)

    def _respond(
        self, scope: Any, body: IO[bytes], next_message: "asyncio.Future[Any]"
    ) -> HttpResponseBase | None:
        """Return what to send; None when the client left while it stood in line."""
        with closing(body):
            if next_message.done() and next_message.result()["type"] == "http.disconnect":
                return None
            signals.request_started.send(sender=self.__class__, scope=scope)
            set_script_prefix(get_script_prefix(scope))
            request, refusal = self.create_request(scope, body)
            # One of the two.
            response = self.get_response(request) if request else cast(HttpResponseBase, refusal)
            if not response.streaming:
                # Nothing of it is still to be made.
                response.close()
            return response

    async def _parts(self, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (part := await self._in_thread(next, parts, None)) is not None:
            yield part
