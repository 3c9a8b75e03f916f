"""Calls to addresses that somebody typed: webhooks, pushes, mail hosts.

Whoever may name an address must not reach by it what only this machine reaches. So the name is
resolved once, its addresses are checked, and the connection goes to the address that was checked.
Connections are kept for a moment, each for the name that it was made for: the next push of a burst
goes to the same service.
"""

import asyncio
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from ssl import SSLContext
from typing import Any

import httpcore
import httpx
from django.conf import settings

LOOKUP_SECONDS = 5.0
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
ANSWER_MAX_BYTES = 64 * 1024
# Several services may hang at the same time, and pushes to others go on.
CONNECTIONS_MAX = 300
# How long an idle connection is kept for the next call.
KEPT_SECONDS = 5.0
_BROKEN = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)

# What the Internet hands out; everything else of IPv6 is special in some way.
_GLOBAL_IPV6 = IPv6Network("2000::/3")
# An IPv4 address as a network without IPv4 spells it.
_NAT64 = IPv6Network("64:ff9b::/96")


class OutboundError(Exception):
    """A call outside did not come to an answer."""


class NotAllowed(OutboundError):
    """The address is none that may be called; trying again changes nothing."""


class Unreachable(OutboundError):
    """The other side was not reached: it surely has not got the call."""


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
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise NotAllowed("This is no address") from error
    if target.scheme not in {"http", "https"} or not target.host:
        raise NotAllowed("Only http and https are called")
    told: list[tuple[bytes | str, bytes | str]] = [
        ("Host", target.netloc),
        ("Accept-Encoding", "identity"),
        ("Content-Length", str(len(content))),
        *(headers or {}).items(),
    ]
    request = httpcore.Request(
        method,
        httpcore.URL(
            scheme=target.raw_scheme,
            host=target.raw_host,
            port=target.port or {"http": 80, "https": 443}[target.scheme],
            target=target.raw_path,
        ),
        headers=told,
        content=content,
        extensions={
            "timeout": {"connect": CONNECT_SECONDS, "read": seconds, "write": seconds},
        },
    )
    return _caller().begin(request, seconds, max_bytes)


class _Caller:
    """One thread with an event loop, in which all calls of this process wait for their answers."""

    def __init__(self, trust: SSLContext) -> None:
        self.trust = trust
        self._loop = asyncio.new_event_loop()
        # One that a service has closed meanwhile is seen and not used; idle ones end soon, since a
        # close that crosses a call looks like a call without an answer.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=CONNECTIONS_MAX,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_Checked(),
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name="outbound", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether it can be used; after a fork the parent's thread does not exist."""
        return self._thread.is_alive()

    def begin(self, request: httpcore.Request, seconds: float, max_bytes: int) -> "Future[Answer]":
        """Begin a call, from any other thread."""
        asked = self._ask(request, seconds, max_bytes)
        return asyncio.run_coroutine_threadsafe(asked, self._loop)

    async def _ask(self, request: httpcore.Request, seconds: float, max_bytes: int) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                return await self._answer(request, max_bytes)
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            raise Unreachable(type(error).__name__) from error
        except (*_BROKEN, TimeoutError) as error:
            raise NoAnswer(type(error).__name__) from error

    async def _answer(self, request: httpcore.Request, max_bytes: int) -> Answer:
        answer = await self._pool.handle_async_request(request)
        body = bytearray()
        try:
            async for part in answer.aiter_stream():
                body += part
                if len(body) > max_bytes:
                    break
        finally:
            await answer.aclose()
        return Answer(
            status=answer.status,
            headers=httpx.Headers(answer.headers),
            body=bytes(body[:max_bytes]),
            is_whole=len(body) <= max_bytes,
        )


class _Checked(httpcore.AnyIOBackend):
    """Connects to an address that may be called, and to none that a name means a moment later."""

    async def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> Any:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = await asyncio.wrap_future(_begin_look_up(host, port))
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Unreachable("The name has no address") from error
        return await super().connect_tcp(_allowed(host, found), port, *args, **options)


_callers: list[_Caller] = []
_starting = threading.Lock()


def _caller() -> _Caller:
    with _starting:
        trust = _trust()
        if not _callers or not _callers[0].is_alive() or _callers[0].trust is not trust:
            _callers[:] = [_Caller(trust)]
        return _callers[0]


@cache
def _trust() -> SSLContext:
    return httpx.create_ssl_context()


def resolve_public(host: str, port: int) -> str:
    """Return an address of `host` that may be connected to; connect to it and not to the name.

    Hosts of `OUTBOUND_PRIVATE` may have any address. Raises `NotAllowed` or `Unreachable`.
    """
    return _allowed(host, _look_up(host, port))


def _allowed(host: str, found: list[str]) -> str:
    """Return the first of a host's addresses that may be called."""
    is_ours = host.lower().rstrip(".") in settings.OUTBOUND_PRIVATE
    for address in found:
        if is_ours or is_public(address):
            return address
    raise NotAllowed("This address is not on the public Internet")


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public Internet."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        return _is_public_ipv6(ip)
    return _is_public_ipv4(ip)


def _is_public_ipv4(ip: IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast


def _is_public_ipv6(ip: IPv6Address) -> bool:
    if ip.ipv4_mapped is not None:
        return _is_public_ipv4(ip.ipv4_mapped)
    if ip in _NAT64:
        return _is_public_ipv4(IPv4Address(int(ip) & 0xFFFF_FFFF))
    # Tunnels carry an IPv4 address to whoever unpacks it.
    is_tunnel = ip.sixtofour is not None or ip.teredo is not None
    return ip in _GLOBAL_IPV6 and ip.is_global and not is_tunnel


def _look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name in the system's order, whatever way a number is spelled."""
    try:
        return _begin_look_up(host, port).result(LOOKUP_SECONDS)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise Unreachable("The name has no address") from error


def _begin_look_up(host: str, port: int) -> "Future[list[str]]":
    # The system's lookup knows no time limit; a name server that never answers keeps one thread.
    found: Future[list[str]] = Future()
    # Nobody who stops waiting can cancel it.
    found.set_running_or_notify_cancel()
    threading.Thread(
        target=_look_up_into, args=(found, host, port), name="outbound-lookup", daemon=True
    ).start()
    return found


def _look_up_into(found: "Future[list[str]]", host: str, port: int) -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found.set_result([str(row[4][0]) for row in rows])
    except Exception as error:
        found.set_exception(error)
