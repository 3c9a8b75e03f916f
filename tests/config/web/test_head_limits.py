"""A request whose head never ends is refused before it fills the memory."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from config.web import head_limits
from config.web.answers import common_headers
from config.web.head_limits import HEAD_MAX
from config.web.server import make_server

pytestmark = pytest.mark.once

MORE = 2 * HEAD_MAX
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def count(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer how long the body was."""
    length = 0
    while (message := await receive())["type"] == "http.request":
        length += len(message["body"])
        if not message["more_body"]:
            break
    else:
        return
    body = b"%d" % length
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connection() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to our server, which serves `count`."""
    started = asyncio.Event()
    server = make_server(host="127.0.0.1", port=0, on_started=started.set)
    server.config.app, server.config.lifespan = count, "off"
    door = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[door]))
    await started.wait()
    reader, writer = await asyncio.open_connection(*door.getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await serving


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return status line and body."""
    async with asyncio.timeout(30):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return head.split(b"\r\n")[0], await reader.readexactly(length)


@pytest.mark.parametrize(
    "request_",
    [
        GET + b"X: " + b"a" * MORE,
        GET + b"X: aaaaaaaa\r\n" * (MORE // 13),
        b"GET /" + b"a" * MORE,
        CHUNKED + b"1\r\na\r\n0\r\nX: " + b"a" * MORE,
    ],
    ids=["header", "headers", "address", "trailer"],
)
async def test_what_never_ends_is_refused(request_: bytes) -> None:
    async with connection() as (reader, writer):
        writer.write(request_)
        heard = b""
        # What we never read resets the connection, and may take the answer with it.
        with suppress(ConnectionError):
            async with asyncio.timeout(30):
                while part := await reader.read(1000):
                    heard += part
        assert heard == b"" or heard.startswith(b"HTTP/1.1 400 ")


async def test_what_is_no_request_is_answered_with_the_headers_of_every_answer() -> None:
    async with connection() as (reader, writer):
        writer.write(b"GARBAGE\r\n\r\n")
        async with asyncio.timeout(30):
            heard = await reader.read()
    assert heard.startswith(b"HTTP/1.1 400 ")
    for name, value in common_headers():
        assert b"%s: %s\r\n" % (name, value) in heard


async def test_bodies_and_many_requests_don_t_count() -> None:
    async with connection() as (reader, writer):
        for _ in range(3):
            body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % MORE
            writer.write(body + b"a" * MORE)
            assert await answer(reader) == (b"HTTP/1.1 200 OK", b"%d" % MORE)
            chunks = b"".join(b"1000\r\n" + b"a" * 4096 + b"\r\n" for _ in range(MORE // 4096))
            writer.write(CHUNKED + chunks + b"0\r\n\r\n")
            assert await answer(reader) == (b"HTTP/1.1 200 OK", b"%d" % MORE)
        for _ in range(40):
            writer.write(GET + b"X: " + b"a" * (HEAD_MAX // 16) + b"\r\n\r\n")
            assert await answer(reader) == (b"HTTP/1.1 200 OK", b"0")


@pytest.mark.parametrize("before", [b"", GET + b"\r\n"], ids=["first", "later"])
@pytest.mark.parametrize("part", [b"", GET], ids=["nothing", "half"])
async def test_a_head_that_doesn_t_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, before: bytes, part: bytes
) -> None:
    monkeypatch.setattr(head_limits, "HEAD_SECONDS", 0.2)
    async with connection() as (reader, writer):
        if before:
            writer.write(before)
            assert await answer(reader) == (b"HTTP/1.1 200 OK", b"0")
            # A connection that is kept may rest for as long as uvicorn lets it.
            await asyncio.sleep(0.3)
            part = part or GET
        writer.write(part)
        async with asyncio.timeout(30):
            assert await reader.read() == b""


async def test_a_slow_body_is_no_slow_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_limits, "HEAD_SECONDS", 0.2)
    async with connection() as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        await asyncio.sleep(0.4)
        writer.write(b"a")
        assert await answer(reader) == (b"HTTP/1.1 200 OK", b"2")
