"""Addresses that somebody typed: webhooks, pushes, mail hosts; which of them may be called.

Whoever may name an address must not reach by it what only this machine reaches. So the name is
resolved once, its addresses are checked, and the connection goes to the address that was checked.
`config.web.calls` makes HTTP calls so.
"""

import socket
import threading
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings

LOOKUP_SECONDS = 5.0

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


def resolve_public(host: str, port: int) -> str:
    """Return an address of `host` that may be connected to; connect to it and not to the name.

    Hosts of `OUTBOUND_PRIVATE` may have any address. Raises `NotAllowed` or `Unreachable`.
    """
    return allowed(host, _look_up(host, port))


def allowed(host: str, found: list[str]) -> str:
    """Return the first of a host's addresses that may be called; raises `NotAllowed`."""
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
        return begin_look_up(host, port).result(LOOKUP_SECONDS)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise Unreachable("The name has no address") from error


def begin_look_up(host: str, port: int) -> "Future[list[str]]":
    """Begin to look a name up; what is returned raises what the system's lookup raises."""
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
