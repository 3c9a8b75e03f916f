"""What both kinds of sockets do alike: let in, hear frames, follow conversations, end.

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
from django.conf import settings
from django.db import InterfaceError, OperationalError

from chat.posting.messages import Author, Outgoing, Posted, Result
from chat.posting.writer import writer
from chat.protocol import (
    FRAME_MAX_BYTES,
    OLDEST_PROTOCOL,
    BadFrame,
    Close,
    ack_text,
    decode,
    nack_frame,
)
from chat.sockets.following import Following, Gone
from chat.sockets.rates import REFUSALS_MAX, Bucket, TooManyPings, count_ping
from chat.sockets.watch import Watch
from config.web.limits import address_key, scope_address
from config.wire import encode, wire_time

logger = logging.getLogger(__name__)

HELLO_SECONDS = 5.0
_PONG = '{"type":"pong"}'


class Ended(Exception):
    """This socket must be closed with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


type Command = Callable[[Any, dict[str, Any]], Awaitable[None]]


class LiveConsumer(Following, AsyncConsumer):
    """A socket from knock to end. Fields that few sockets need are made when they are needed."""

    commands: ClassVar[dict[str, Command]]
    # The limit on open sockets of one address, where anybody may open some.
    per_address: ClassVar[str] = ""

    author: Author | None = None
    # Whose site a visitor's socket belongs to.
    brand_id: int | None = None
    # Of the page it is on, where a browser said so.
    origin: str | None = None
    bucket: Bucket | None = None
    _pings_paid_until = 0.0
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
        opened, pending = self.watch.opened, self.watch.pending
        peer = address_key(scope_address(scope))
        if self._is_crowded(peer):
            await self._transmit({"type": "websocket.close"})
            return
        # Counted before anything is waited for: many may knock in the same breath.
        opened[peer] = opened.get(peer, 0) + 1
        try:
            pending[peer] = pending.get(peer, 0) + 1
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
                _count_down(pending, peer)
            del first, hello
            self._listener = asyncio.create_task(self._listen())
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                await self.dispatch(message)
        finally:
            _count_down(opened, peer)

    def _is_crowded(self, peer: str) -> bool:
        """Return whether an address has all the sockets that it may have."""
        limits = settings.IMECE
        return bool(
            self.watch.pending.get(peer, 0) >= limits["PENDING_SOCKETS_PER_IP"]
            or (self.per_address and self.watch.opened.get(peer, 0) >= limits[self.per_address])
        )

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
        kind = message["type"]
        if kind == "live.entries":
            await self.forward_entries(message)
        elif kind == "websocket.receive":
            frame = self._frame(message)
            if frame["type"] == "ping":
                await self._answer_ping()
            elif await self._within_rate(frame):
                await self.commands[frame["type"]](self, frame)
        elif kind == "live.frames":
            await self.forward(message)
        elif kind == "live.resync":
            await self.resync()
        elif kind == "live.revoke":
            self.revoke(message)
        else:
            logger.error("socket.unknown_content %s", kind)

    async def _answer_ping(self) -> None:
        try:
            self._pings_paid_until = count_ping(self._pings_paid_until)
        except TooManyPings:
            raise Ended(Close.RATE) from None
        await self.say(_PONG)

    async def _within_rate(self, frame: dict[str, Any]) -> bool:
        if self.bucket is None:
            self.bucket = Bucket()
        bucket, cid = self.bucket, frame.get("cid")
        if cid is not None and bucket.still_refuses(cid):
            if bucket.refusals > REFUSALS_MAX:
                raise Ended(Close.RATE)
            await self.say(encode(nack_frame(cid, "rate", retry=True)))
            return False
        if not (missing := bucket.take()):
            bucket.granted()
            return True
        while missing:
            if not bucket.may_pause(missing):
                if cid is not None:
                    bucket.refuse(cid)
                    await self.say(encode(nack_frame(cid, "rate", retry=True)))
                    return False
                if frame["type"] == "typing":
                    return False
            # Not reading is what slows the other end down.
            await asyncio.sleep(missing)
            missing = bucket.take()
        return True

    async def hello_again(self, frame: dict[str, Any]) -> None:
        """Refuse a second `hello`."""
        raise Ended(Close.BAD_FRAME)

    async def post(self, frame: dict[str, Any], kind: str, *, may_see: bool = True) -> None:
        """Have a message or note stored; the answer may come later when its chat is taken."""
        author, cid = self.author, frame["cid"]
        if author is None:
            await self.say(encode(nack_frame(cid, "forbidden", retry=False)))
            return
        draft = Outgoing(
            frame["conversation"],
            author,
            frame["text"],
            cid,
            kind,
            tuple(frame["attachments"]),
            may_see,
        )
        sending = writer.begin(draft)
        if await sending.parked:
            # Whoever has the chat's row stops no other frame of this socket.
            self._spawn(self._answer(cid, sending.result))
        else:
            await self._answer(cid, sending.result)

    async def _answer(self, cid: str, sent: "asyncio.Future[Result]") -> None:
        result = await sent
        if isinstance(result, Posted):
            ack = ack_text(
                cid=cid,
                entry_id=result.wire_id(self.audience),
                seq=result.number(self.audience),
                at=wire_time(result.at),
                dup=result.dup,
            )
            await self.say(ack)
        else:
            await self.say(encode(nack_frame(cid, result.code, retry=result.retry)))

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
        self._spawn(self.say(text))

    async def forward(self, content: dict[str, Any]) -> None:
        """Pass on frames as they are."""
        for frame in content["frames"]:
            await self.say(frame if isinstance(frame, str) else encode(frame))

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

    def revoke(self, content: dict[str, Any]) -> None:
        """End when the content means this socket."""

    # The end

    async def _close(self, code: int) -> None:
        self._forget()
        # Gone already, or closed by the server meanwhile.
        with contextlib.suppress(OSError, RuntimeError):
            await self._transmit({"type": "websocket.close", "code": code})

    def _forget(self) -> None:
        """Leave no trace; safe to call twice."""
        self.watch.remove(self)
        for task in (self._listener, *(self._later or ())):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        self._listener = self._later = self.threads = None
        if self.channel_name:
            self._layer.end(self.channel_name)
        self.forgotten()

    def forgotten(self) -> None:
        """Take back what `welcome` did elsewhere; may be called twice."""

    def _spawn(self, work: Any) -> None:
        if self._later is None:
            self._later = set()
        task = asyncio.create_task(_quietly(work))
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


def _count_down(counts: dict[str, int], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


async def _quietly(work: Awaitable[None]) -> None:
    try:
        await work
    except Gone:
        pass
    except Exception:
        logger.exception("socket.failed")
