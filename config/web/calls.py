"""HTTP calls to addresses that somebody typed: each goes to an address that was checked.

Connections are kept for a moment, each for the name that it was made for: the next push of a burst
goes to the same service.
"""

import asyncio
import atexit
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from config.web.outbound import (
    LOOKUP_SECONDS,
    NotAllowed,
    OutboundError,
    Unreachable,
    allowed,
    begin_look_up,
)

PORT_MAX = 65535
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
ANSWER_MAX_BYTES = 64 * 1024
# Several services may hang at the same time, and pushes to others go on.
CONNECTIONS_MAX = 300
# How long an idle connection is kept for the next call.
KEPT_SECONDS = 5.0
_NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
# What we say is all that is said.
_UNSAID = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class NoAnswer(OutboundError):
    """The other side may have got the call, and has not answered it in time."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the other side said. Redirects are answers too: nobody follows them."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    # False: it was longer than allowed, and `body` is its beginning.
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class _Call:
    method: str
    url: URL
    headers: Mapping[str, str]
    content: bytes
    seconds: float
    max_bytes: int


def call(method: str, url: str, **options: Any) -> Answer:
    """Make one HTTP call from a thread that may block; see `begin_call`.

    Raises `NotAllowed`, `Unreachable` or `NoAnswer`.
    """
    return begin_call(method, url, **options).result()


def begin_call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    seconds: float = TOTAL_SECONDS,
    max_bytes: int = ANSWER_MAX_BYTES,
) -> "Future[Answer]":
    """Begin an HTTP call, from any thread; it ends within `seconds`.

    What `call` raises is raised here, or by what is returned.
    """
    asked = _Call(
        method=method,
        url=_address(url),
        headers={
            "Accept-Encoding": "identity",
            "Content-Length": str(len(content)),
            **(headers or {}),
        },
        content=content,
        seconds=seconds,
        max_bytes=max_bytes,
    )
    return _caller().begin(asked)


def _address(url: str) -> URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise NotAllowed("This is no address") from error
    if target.scheme not in {"http", "https"} or not target.host:
        raise NotAllowed("Only http and https are called")
    if (target.port or 0) > PORT_MAX:
        raise NotAllowed("This is no address")
    whole = b"%b://%b%b" % (target.raw_scheme, target.netloc, target.raw_path)
    host = target.raw_host.decode()
    try:
        if ":" in host or host.replace(".", "").isdigit():
            # It is no name that `_Checked` is asked for.
            allowed(host, [host])
        return URL(whole.decode(), encoded=True)
    except ValueError as error:
        raise NotAllowed("This is no address") from error


class _Caller:
    """One thread with an event loop, in which all calls of this process wait for their answers."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="outbound", daemon=True)
        self._thread.start()
        self._session = asyncio.run_coroutine_threadsafe(_open(), self._loop).result()
        atexit.register(self._close)

    def is_alive(self) -> bool:
        """Return whether it can be used; after a fork the parent's thread does not exist."""
        return self._thread.is_alive()

    def begin(self, asked: _Call) -> "Future[Answer]":
        """Begin a call, from any other thread."""
        return asyncio.run_coroutine_threadsafe(self._ask(asked), self._loop)

    async def _ask(self, asked: _Call) -> Answer:
        try:
            async with asyncio.timeout(asked.seconds):
                return await self._answer(asked)
        except _NOT_REACHED as error:
            raise Unreachable(type(error).__name__) from error
        except aiohttp.InvalidURL as error:
            raise NotAllowed("This is no address") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NoAnswer(type(error).__name__) from error

    async def _answer(self, asked: _Call) -> Answer:
        body = bytearray()
        async with self._session.request(
            asked.method,
            asked.url,
            headers=asked.headers,
            data=asked.content,
            ssl=_trust(),
            allow_redirects=False,
        ) as answer:
            async for part in answer.content.iter_any():
                body += part
                if len(body) > asked.max_bytes:
                    # What else it says is not waited for.
                    answer.close()
                    break
        return Answer(
            status=answer.status,
            headers=answer.headers,
            body=bytes(body[: asked.max_bytes]),
            is_whole=len(body) <= asked.max_bytes,
        )

    def _close(self) -> None:
        if self.is_alive():
            closing = asyncio.run_coroutine_threadsafe(self._session.close(), self._loop)
            closing.result(CONNECT_SECONDS)


async def _open() -> aiohttp.ClientSession:
    # A connection that a service has closed meanwhile is seen and not used; idle ones end soon,
    # since a close that crosses a call looks like a call without an answer.
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=_Checked(),
            use_dns_cache=False,
            limit=CONNECTIONS_MAX,
            keepalive_timeout=KEPT_SECONDS,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=_UNSAID,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
    )


class _Checked(AbstractResolver):
    """Finds an address that may be called, and none that a name means a moment later."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
    ) -> list[ResolveResult]:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = await asyncio.wrap_future(begin_look_up(host, port))
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Unreachable("The name has no address") from error
        address = allowed(host, found)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
        ]

    async def close(self) -> None:
        """Nothing is kept."""


_callers: list[_Caller] = []
_starting = threading.Lock()


def _caller() -> _Caller:
    with _starting:
        if not _callers or not _callers[0].is_alive():
            _callers[:] = [_Caller()]
        return _callers[0]


@cache
def _trust() -> SSLContext:
    return httpx.create_ssl_context()
