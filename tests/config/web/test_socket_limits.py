"""What a WebSocket says below its messages is bounded; nobody waits for who reads nothing."""

import asyncio
import base64
import inspect
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Opcode
from websockets.server import ServerProtocol

from config.web import socket_limits
from config.web.server import make_server
from config.web.socket_limits import FRAMES_MAX, SLICE, TOO_MANY

pytestmark = pytest.mark.once

type App = Callable[[Any, Any, Any], Awaitable[None]]
BIG = 8 * 1024 * 1024


def frame(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    """One small frame of a client."""
    return bytes([(fin << 7) | opcode, 0x80 | len(data)]) + b"\0\0\0\0" + data


FLOODS = {
    "continuations": (frame(Opcode.TEXT, fin=False), frame(Opcode.CONT, fin=False)),
    "pings": (b"", frame(Opcode.PING)),
    "pongs": (b"", frame(Opcode.PONG)),
}


class Wire:
    """A client that speaks frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def knock(self) -> None:
        """Ask to be let in."""
        key = base64.b64encode(os.urandom(16))
        self.writer.write(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n"
        )

    async def is_let_in(self) -> bool:
        """Return whether the door opens."""
        async with asyncio.timeout(30):
            return (await self.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")

    async def hear(self) -> tuple[int, bytes]:
        """Return the next frame."""
        async with asyncio.timeout(30):
            first, length = await self.reader.readexactly(2)
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2))
            return first & 0x0F, await self.reader.readexactly(length)

    async def hear_until_close(self) -> tuple[list[int], int]:
        """Return the kinds of all frames before the close, and its code."""
        heard: list[int] = []
        while (said := await self.hear())[0] != Opcode.CLOSE:
            heard.append(said[0])
        return heard, int.from_bytes(said[1][:2])


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[tuple[Wire, set[Any]]]:
    """A client of our server, which serves `app`, and the server's connections."""
    started = asyncio.Event()
    server = make_server(host="127.0.0.1", port=0, on_started=started.set)
    server.config.app, server.config.lifespan = app, "off"
    door = socket.create_server(("127.0.0.1", 0))
    running = asyncio.create_task(server.serve(sockets=[door]))
    await started.wait()
    reader, writer = await asyncio.open_connection(*door.getsockname())
    try:
        yield Wire(reader, writer), server.server_state.connections
    finally:
        writer.transport.abort()
        server.should_exit = True
        await running


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that no event tells."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Say again what is said."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_of_frames_that_say_nothing_closes_the_socket(kind):
    first, again = FLOODS[kind]
    async with serving(echo) as (wire, connections):
        wire.knock()
        assert await wire.is_let_in()
        wire.writer.write(first + again * 20_000)
        heard, code = await wire.hear_until_close()
        assert code == TOO_MANY
        assert len(heard) <= FRAMES_MAX
        assert not [each for each in connections if not each.transport.is_closing()]


async def test_what_is_left_of_a_flood_is_never_parsed(monkeypatch):
    parsed = 0
    receive_data = ServerProtocol.receive_data

    def count(self: ServerProtocol, data: Any) -> None:
        nonlocal parsed
        parsed += len(data)
        receive_data(self, data)

    monkeypatch.setattr(ServerProtocol, "receive_data", count)
    async with serving(echo) as (wire, _connections):
        wire.knock()
        assert await wire.is_let_in()
        wire.writer.write(frame(Opcode.PONG) * 20_000)
        await wire.hear_until_close()
    assert parsed < 3 * SLICE


async def test_what_a_browser_sends_in_its_life_passes():
    async with serving(echo) as (wire, _connections):
        wire.knock()
        assert await wire.is_let_in()
        for number in range(20):
            wire.writer.write(frame(Opcode.PING, b"%d" % number))
            assert await wire.hear() == (Opcode.PONG, b"%d" % number)
        parts = [frame(Opcode.CONT, b"x" * 100, fin=False) for _ in range(60)]
        wire.writer.write(frame(Opcode.TEXT, b"x", fin=False) + b"".join(parts))
        wire.writer.write(frame(Opcode.CONT, b"x"))
        assert await wire.hear() == (Opcode.TEXT, b"x" * 6002)


async def test_a_lasting_socket_may_send_as_many_in_every_span(monkeypatch):
    monkeypatch.setattr(socket_limits, "_EACH", 0.0)
    async with serving(echo) as (wire, _connections):
        wire.knock()
        assert await wire.is_let_in()
        wire.writer.write(frame(Opcode.PING) * 3 * FRAMES_MAX)
        for _ in range(3 * FRAMES_MAX):
            assert await wire.hear() == (Opcode.PONG, b"")


async def test_messages_wait_outside_until_the_application_has_taken_those_before():
    go_on = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await go_on.wait()
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    async with serving(slow) as (wire, connections):
        wire.knock()
        assert await wire.is_let_in()
        said = [b"%05d" % number for number in range(5000)]
        wire.writer.write(b"".join(frame(Opcode.TEXT, each) for each in said))
        (connection,) = connections
        await until(lambda: connection.read_paused)
        assert connection.queue.qsize() <= SLICE // len(frame(Opcode.TEXT, b"00000"))
        go_on.set()
        assert [(await wire.hear())[1] for _ in said] == said


async def test_nobody_is_heard_before_they_are_let_in():
    knocked, open_door = asyncio.Event(), asyncio.Event()

    async def careful(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        knocked.set()
        await open_door.wait()
        await send({"type": "websocket.accept"})
        assert (await receive())["text"] == "a"
        await send({"type": "websocket.send", "text": "heard"})

    async with serving(careful) as (wire, connections):
        wire.knock()
        await asyncio.wait_for(knocked.wait(), 10)
        wire.writer.write(frame(Opcode.PING, b"1") + frame(Opcode.TEXT, b"a"))
        (connection,) = connections
        await until(lambda: not connection.transport.is_reading())
        open_door.set()
        assert await wire.is_let_in()
        assert await wire.hear() == (Opcode.PONG, b"1")
        assert await wire.hear() == (Opcode.TEXT, b"heard")


@pytest.mark.parametrize("is_ending", [False, True], ids=["stays", "ends"])
async def test_who_reads_nothing_is_dropped_with_what_waits_for_them(monkeypatch, is_ending):
    name = "DRAIN_SECONDS" if is_ending else "STALLED_SECONDS"
    monkeypatch.setattr(socket_limits, name, 0.1)
    ended = asyncio.Event()

    async def lavish(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "x" * BIG})
        if not is_ending:
            await receive()
        ended.set()

    async with serving(lavish) as (wire, connections):
        wire.knock()
        assert await wire.is_let_in()
        await asyncio.wait_for(ended.wait(), 10)
        await until(lambda: not connections)


async def test_nothing_is_read_of_who_reads_nothing():
    async def lavish(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "x" * BIG})
        await receive()

    async with serving(lavish) as (wire, connections):
        wire.knock()
        assert await wire.is_let_in()
        (connection,) = connections
        await until(lambda: not connection.writable.is_set())
        assert not connection.transport.is_reading()
        await wire.reader.readexactly(BIG)
        await until(connection.transport.is_reading)


def test_uvicorn_and_websockets_still_have_the_parts_that_we_use():
    """An upgrade that changes them must not go unnoticed: look at `config/web/socket_limits.py`."""
    theirs = inspect.getsource(WebSocketsSansIOProtocol)
    # Who stops and resumes reading, and where the events of the parser are taken.
    assert theirs.count("transport.pause_reading()") == 1
    assert theirs.count("transport.resume_reading()") == 2
    assert theirs.count("self.read_paused = False") == 3
    assert theirs.count("self.conn.events_received()") == 1
    assert theirs.count("self.queue.get()") == 1
    assert "self.writable = asyncio.Event()" in theirs
    for name in ("handshake_initiated", "handshake_complete", "close_sent", "disconnected"):
        assert f"self.{name} = False" in theirs
    for method in (
        "data_received",
        "handle_events",
        "receive",
        "send",
        "pause_writing",
        "resume_writing",
        "keepalive_timeout",
        "run_asgi",
        "connection_lost",
    ):
        assert method in vars(WebSocketsSansIOProtocol)
    assert ServerProtocol().events == []
    for method in ("receive_data", "events_received", "data_to_send", "fail"):
        assert callable(getattr(ServerProtocol, method))
