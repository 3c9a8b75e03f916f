"""Calls to addresses that somebody typed: webhooks, pushes, mail hosts.

Whoever may name an address must not reach by it what only this machine reaches. So the name is
resolved once, its addresses are checked, and the connection goes to the address that was checked.
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

import httpx
from django.conf import settings

LOOKUP_SECONDS = 5.0
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
ANSWER_MAX_BYTES = 64 * 1024

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


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    seconds: float = TOTAL_SECONDS,
    max_bytes: int = ANSWER_MAX_BYTES,
) -> Answer:
    """Make one HTTP call from a thread that may block, for `seconds` at most after the lookup.

    Raises `NotAllowed`, `Unreachable` or `NoAnswer`.
    """
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise NotAllowed("This is no address") from error
    if target.scheme not in {"http", "https"} or not target.host:
        raise NotAllowed("Only http and https are called")
    host = target.raw_host.decode()
    address = resolve_public(host, target.port or {"http": 80, "https": 443}[target.scheme])
    request = httpx.Request(
        method,
        target.copy_with(host=address),
        headers={"Accept-Encoding": "identity", **(headers or {}), "Host": target.netloc.decode()},
        content=content,
        # The certificate must be that of the name.
        extensions={"sni_hostname": host},
    )
    return asyncio.run(_send(request, seconds, max_bytes))


async def _send(request: httpx.Request, seconds: float, max_bytes: int) -> Answer:
    timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
    # Proxies of the environment would look the name up once more.
    client = httpx.AsyncClient(verify=_trust(), trust_env=False, timeout=timeout)
    try:
        async with asyncio.timeout(seconds), client:
            answer = await client.send(request, stream=True)
            body = bytearray()
            async for part in answer.aiter_raw():
                body += part
                if len(body) > max_bytes:
                    break
            await answer.aclose()
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Unreachable(type(error).__name__) from error
    except (httpx.HTTPError, TimeoutError) as error:
        raise NoAnswer(type(error).__name__) from error
    return Answer(
        status=answer.status_code,
        headers=answer.headers,
        body=bytes(body[:max_bytes]),
        is_whole=len(body) <= max_bytes,
    )


@cache
def _trust() -> SSLContext:
    return httpx.create_ssl_context()


def resolve_public(host: str, port: int) -> str:
    """Return an address of `host` that may be connected to; connect to it and not to the name.

    Hosts of `OUTBOUND_PRIVATE` may have any address. Raises `NotAllowed` or `Unreachable`.
    """
    found = _look_up(host, port)
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
    # The system's lookup knows no time limit; a name server that never answers keeps one thread.
    found: Future[list[str]] = Future()
    threading.Thread(
        target=_look_up_into, args=(found, host, port), name="outbound-lookup", daemon=True
    ).start()
    try:
        return found.result(LOOKUP_SECONDS)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise Unreachable("The name has no address") from error


def _look_up_into(found: "Future[list[str]]", host: str, port: int) -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found.set_result([str(row[4][0]) for row in rows])
    except Exception as error:
        found.set_exception(error)
