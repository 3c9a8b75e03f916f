"""Where a device is reached, and whether its agent may still be told there."""

import hashlib
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from agents.models import Agent, Device
from config.web.outbound import NotAllowed, OutboundError, resolve_public

ENDPOINT_MAX = 1000
TOKEN_MAX = 4096


class InvalidAddress(ValueError):
    """No push service gives out such an address."""


def read_token(given: Any) -> dict[str, Any]:
    """Return an app's token as it is stored; raises `InvalidAddress`."""
    is_token = isinstance(given, str) and 20 <= len(given) <= TOKEN_MAX and given.isascii()
    if not is_token or not given.isprintable() or " " in given:
        raise InvalidAddress
    return {"token": given}


def read_subscription(given: Any) -> dict[str, Any]:
    """Return a browser's subscription as it is stored; raises `InvalidAddress`.

    Whether its host is on the public Internet says `look_up`.
    """
    if not isinstance(given, dict) or not isinstance(given.get("keys"), dict):
        raise InvalidAddress
    endpoint, keys = given.get("endpoint"), given["keys"]
    _check_key(_decoded(keys.get("p256dh")))
    if len(_decoded(keys.get("auth"))) != 16:
        raise InvalidAddress
    _host_of(endpoint)
    return {
        "endpoint": endpoint,
        "keys": {"p256dh": keys["p256dh"], "auth": keys["auth"]},
    }


def look_up(address: dict[str, Any]) -> None:
    """Refuse a subscription's address that is not on the public Internet: `InvalidAddress`.

    A name server may take seconds to answer.
    """
    try:
        resolve_public(*_host_of(address["endpoint"]))
    except (NotAllowed, OutboundError) as error:
        raise InvalidAddress from error


def _host_of(endpoint: Any) -> tuple[str, int]:
    if not isinstance(endpoint, str) or len(endpoint) > ENDPOINT_MAX:
        raise InvalidAddress
    try:
        url = httpx.URL(endpoint)
        host = url.raw_host.decode()
        # What an operator lets us call, such as a mail server, is nothing for agents to name: push
        # services of browsers are public.
        is_ours = host.lower().rstrip(".") in settings.OUTBOUND_PRIVATE
        if not host or is_ours or url.scheme != "https":
            raise InvalidAddress
    except httpx.InvalidURL as error:
        raise InvalidAddress from error
    return host, url.port or 443


def _decoded(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) > 200:
        raise InvalidAddress
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise InvalidAddress from error


def _check_key(point: bytes) -> None:
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError as error:
        raise InvalidAddress from error


def digest_of(address: dict[str, Any]) -> str:
    """Return what one device has once, however often it registers."""
    known = address.get("token") or address["endpoint"]
    return hashlib.sha256(known.encode()).hexdigest()


def is_known(agent: Agent, address: dict[str, Any]) -> bool:
    """Return whether the agent has registered this device before."""
    return Device.objects.filter(agent=agent, digest=digest_of(address)).exists()


def is_live(device: Device) -> bool:
    """Return whether its agent still works here and is still signed in there; wants agent and
    token loaded."""
    return device.pk in live_among([device])


def live_among(devices: Iterable[Device]) -> set[int]:
    """Return which of these devices are live, in one statement at most; see `is_live`."""
    live, by_session = set(), {}
    for device in devices:
        if not device.agent.is_active:
            continue
        if device.token is not None or not device.session_key:
            if device.token is None or device.token.revoked_at is None:
                live.add(device.pk)
        else:
            by_session[device.pk] = device
    if by_session:
        keys = {device.session_key for device in by_session.values()}
        rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
        owners = {row.session_key: row.get_decoded().get(SESSION_KEY) for row in rows}
        for pk, device in by_session.items():
            if owners.get(device.session_key) == str(device.agent_id):
                live.add(pk)
    return live
