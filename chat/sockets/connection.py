"""A socket from knock to end: let in, hear the other end and the channel layer, say, close.

One task besides the server's own: it reads the channel layer. `dispatch` is overridden so that no
frame hops through the thread that Channels would clean up database connections in.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer
from django.db import InterfaceError, OperationalError

from chat.protocol import FRAME_MAX_BYTES, OLDEST_PROTOCOL, Audience, BadFrame, Close, decode
from chat.sockets.following import Gone
from chat.sockets.watch import Watch
from config.web.rate_limits import address_key, scope_address

logger = logging.getLogger(__name__)

HELLO_SECONDS = 5.0


class Ended(Exception):
    """This socket must be closed with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Connection(AsyncConsumer):
    """A socket. Fields that few sockets need are made when they are needed."""

    audience: Audience
    # The limit on open sockets of one address, where anybody may open some.
    per_address: ClassVar[str] = ""

    sending_since = 0.0
    # Given at `hello`.
    channel_name = ""
    _ending: int | None = None
    _listener: "asyncio.Task[None] | None" = None
    _later: "set[asyncio.Task[None]] | None" = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        self._transmit: Any = send
        self.watch = Watch.here()
        self._main = asyncio.current_task()
        serving = self._serve(scope, receive)
        # An idle socket keeps no headers.
        del scope
        try:
            await serving
        except Ended as ended:
            await self._close(ended.code)
        except asyncio.CancelledError:
            if self._ending is None:
                raise
            if self._main is not None:
                self._main.uncancel()
            await self._close(self._ending)
        except Gone:
            pass
        except (OperationalError, InterfaceError):
            logger.warning("socket.database_away")
            await self._close(Close.SLOW)
        except Exception:
            # What went wrong is for the log alone.
            logger.exception("socket.failed")
            await self._close(Close.BUG)
        finally:
            self._forget()

    def end(self, code: int) -> None:
        """Close from outside the connection's own task, whatever it is doing."""
        if self._ending is None and self._main is not None:
            self._ending = code
            self._main.cancel()

    # The door

    async def _serve(self, scope: Any, receive: Any) -> None:
        first = await receive()
        if first["type"] != "websocket.connect":
            return
        crowd, peer = self.watch.crowd, address_key(scope_address(scope))
        if crowd.is_full(peer, self.per_address):
            await self._transmit({"type": "websocket.close"})
            return
        # Counted before anything is waited for: many may knock in the same breath.
        crowd.enter(peer)
        try:
            try:
                if not await self.may_knock(scope):
                    await self._transmit({"type": "websocket.close"})
                    return
                del scope
                await self._transmit({"type": "websocket.accept"})
                hello = await self._hello(receive)
                if hello is None:
                    return
                await self._welcome(hello)
            finally:
                crowd.introduce(peer)
            del first, hello
            self._listener = asyncio.create_task(self._listen())
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                await self.dispatch(message)
        finally:
            crowd.leave(peer)

    async def may_knock(self, scope: Any) -> bool:
        """Return whether this page may connect at all; False answers 403."""
        raise NotImplementedError

    async def _hello(self, receive: Any) -> dict[str, Any] | None:
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                message = await receive()
        except TimeoutError:
            raise Ended(Close.SLOW) from None
        if message["type"] == "websocket.disconnect":
            return None
        frame = self._frame(message)
        if frame["type"] != "hello":
            raise Ended(Close.SLOW)
        if frame["protocol"] < OLDEST_PROTOCOL:
            raise Ended(Close.OLD_CLIENT)
        return frame

    async def _welcome(self, hello: dict[str, Any]) -> None:
        layer: Any = get_channel_layer()
        self._layer = layer
        self.channel_name = await layer.new_channel()
        await self.welcome(hello)

    async def welcome(self, hello: dict[str, Any]) -> None:
        """Check who it is, join the groups, say `welcome` and send what was missed."""
        raise NotImplementedError

    async def join(self, group: str) -> None:
        """Hear a group from now on."""
        await self._layer.group_add(group, self.channel_name)

    async def leave(self, group: str) -> None:
        """Hear a group no more."""
        await self._layer.group_discard(group, self.channel_name)

    # In

    def _frame(self, message: dict[str, Any]) -> dict[str, Any]:
        text = message.get("text")
        if text is None:
            raise Ended(Close.BAD_FRAME)
        if len(text) * 4 > FRAME_MAX_BYTES and len(text.encode(errors="replace")) > FRAME_MAX_BYTES:
            raise Ended(Close.TOO_BIG)
        try:
            return decode(text, self.audience)
        except BadFrame:
            raise Ended(Close.BAD_FRAME) from None

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one message of the client or of the channel layer."""
        raise NotImplementedError

    async def _listen(self) -> None:
        """Hear the channel layer until the socket ends."""
        layer, name = self._layer, self.channel_name
        try:
            while True:
                await self.dispatch(await layer.receive(name))
        except Gone:
            pass
        except Ended as ended:
            self.end(ended.code)
        except (OperationalError, InterfaceError):
            logger.warning("socket.database_away")
            self.end(Close.SLOW)
        except Exception:
            logger.exception("socket.failed")
            self.end(Close.BUG)

    # Out

    async def say(self, text: str) -> None:
        """Send one encoded frame; waits while the other end doesn't read."""
        self.sending_since = time.monotonic()
        try:
            await self._transmit({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError):
            # Left, or closed by the server itself: after a frame that is too long, say.
            raise Gone from None
        self.sending_since = 0.0

    def say_later(self, text: str) -> None:
        """Send one encoded frame without waiting for it."""
        self._spawn(self.say, text)

    # The end

    async def _close(self, code: int) -> None:
        self._forget()
        # Gone already, or closed by the server meanwhile.
        with contextlib.suppress(OSError, RuntimeError):
            await self._transmit({"type": "websocket.close", "code": code})

    def _forget(self) -> None:
        """Leave no trace; safe to call twice."""
        for task in (self._listener, *(self._later or ())):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        self._listener = self._later = None
        if self.channel_name:
            self._layer.end(self.channel_name)

    def _spawn(self, work: Callable[..., Awaitable[None]], *about: Any) -> None:
        # Called in its task: should that end before it begins, nobody waits for a coroutine.
        if self._later is None:
            self._later = set()
        task = asyncio.create_task(_quietly(work, *about))
        self._later.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        if self._later is not None:
            self._later.discard(task)

    @classmethod
    def asgi(cls) -> Callable[[Any, Any, Any], Awaitable[None]]:
        """Return the ASGI application: a new consumer for each connection."""

        def application(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
            return cls()(scope, receive, send)

        return application


async def _quietly(work: Callable[..., Awaitable[None]], *about: Any) -> None:
    try:
        await work(*about)
    except Gone:
        pass
    except Exception:
        logger.exception("socket.failed")
