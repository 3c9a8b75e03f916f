"""Limits on what a WebSocket says below its messages, so that one cannot keep a process busy.

uvicorn parses all that one read brings at once, answers pings of somebody who reads no answer, and
waits for ever for the other end to take what is left before it closes. Messages have their limits
in the rooms.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

# How much is parsed before something else gets its turn: a few hundred frames at most.
SLICE = 1024
# Frames of one socket that begin no message, within so many seconds or at once. A browser
# answers one ping, and a proxy may cut a message into parts.
FRAMES_MAX = 128
FRAMES_SECONDS = 20.0
_EACH = FRAMES_SECONDS / FRAMES_MAX
# As in the wire contract: too many.
TOO_MANY = 4429
# How long the other end may leave unread what is more than the buffers hold.
STALLED_SECONDS = 30.0
# How long it may take for the rest to go out once we have closed.
DRAIN_SECONDS = 12.0


class BoundedSocket(WebSocketsSansIOProtocol):
    """A WebSocket of uvicorn that reads in small parts, counts, and doesn't wait to the end."""

    # What was read and is not parsed yet.
    _unread: memoryview | None = None
    # When all frames so far would have come at the allowed pace.
    _paid_until = 0.0
    _abortion: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Parse what was read, as far as the application and the other end keep up."""
        if self._unread is None and len(data) <= SLICE and not self._must_wait():
            super().data_received(data)
            return
        if self._unread is not None:
            data = bytes(self._unread) + data
        self._unread = memoryview(data)
        self._parse()

    def _parse(self) -> None:
        while self._unread is not None and not self._must_wait():
            part, rest = self._unread[:SLICE], self._unread[SLICE:]
            self._unread = rest if rest else None
            super().data_received(bytes(part))
        if self._unread is None and not self._must_wait():
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _parse_later(self) -> None:
        """Go on with what was read once others had their turn; read more if nothing is left."""
        if self._unread is None:
            self._parse()
        else:
            self.loop.call_soon(self._parse)

    def _must_wait(self) -> bool:
        return (
            self.read_paused
            or not self.writable.is_set()
            # Nobody may speak before they are let in.
            or (self.handshake_initiated and not self.handshake_complete)
            or self.transport.is_closing()
        )

    def handle_events(self) -> None:
        """Count frames before they are answered."""
        count = 0
        for event in self.conn.events:
            if isinstance(event, Frame):
                # By identity: every message passes here, and hashing an `Enum` is slow.
                is_message = event.opcode is Opcode.TEXT or event.opcode is Opcode.BINARY
                count += self.close_sent or not is_message
        if count and not self._may_send(count):
            self._refuse()
        else:
            super().handle_events()

    def _may_send(self, count: int) -> bool:
        now = self.loop.time()
        self._paid_until = max(self._paid_until, now) + count * _EACH
        return self._paid_until <= now + FRAMES_SECONDS

    def _refuse(self) -> None:
        """Close without waiting for an answer, and without another word to who asked too much."""
        self.conn.events_received()
        self.conn.data_to_send()
        self.conn.fail(TOO_MANY, "too many frames")
        self.queue.put_nowait({"type": "websocket.disconnect", "code": TOO_MANY})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
        self._abort_in(DRAIN_SECONDS)

    async def receive(self) -> Any:
        """Return the next message, and let more come once the last one is taken."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self._parse_later()
        return message

    async def send(self, message: Any) -> None:
        """Send a message; let in, or told of the end, the other side may speak."""
        await super().send(message)
        if message["type"] != "websocket.send":
            self._parse_later()

    # The other end doesn't read

    def pause_writing(self) -> None:
        """Read nothing of somebody who doesn't read."""
        super().pause_writing()
        self.transport.pause_reading()
        self._abort_in(STALLED_SECONDS)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._abortion is not None and not self.transport.is_closing():
            self._abortion.cancel()
            self._abortion = None
        self._parse_later()

    def keepalive_timeout(self) -> None:
        """Close, and wait for nobody who has been silent already."""
        super().keepalive_timeout()
        self._abort_in(DRAIN_SECONDS)

    async def run_asgi(self) -> None:
        """Serve until the application ends."""
        try:
            await super().run_asgi()
        finally:
            self._abort_in(DRAIN_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what waits."""
        super().connection_lost(exc)
        self._unread = None
        if self._abortion is not None:
            self._abortion.cancel()
            self._abortion = None

    def _abort_in(self, seconds: float) -> None:
        """Drop the connection, with what was not taken, unless it ends or goes on by then."""
        due = self.loop.time() + seconds
        if self.disconnected or (self._abortion is not None and self._abortion.when() <= due):
            return
        if self._abortion is not None:
            self._abortion.cancel()
        self._abortion = self.loop.call_at(due, self.transport.abort)
