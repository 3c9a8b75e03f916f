"""Our own keys, by which push services of browsers know us (VAPID, RFC 8292)."""

import time
from base64 import urlsafe_b64encode
from email.utils import parseaddr
from threading import Lock

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import transaction
from py_vapid import Vapid02

from automation.models import PushSetup
from config.secrets import Secret, WrongKey

SETUP = 1
# Services take at most 24 hours.
_LASTS = 12 * 3600

_headers: dict[tuple[str, str], tuple[float, str]] = {}
_signing = Lock()


def setup() -> PushSetup:
    """Return the one row of how devices are reached, with keys of ours that can be read."""
    found = PushSetup.objects.filter(pk=SETUP).first()
    if found is None or not _has_keys(found):
        found = _make_keys()
    return found


def _has_keys(row: PushSetup) -> bool:
    return bool(row.vapid_private) and row.vapid_private.is_readable()


@transaction.atomic
def _make_keys() -> PushSetup:
    """Make keys, once: browsers subscribe to them. Under another SECRET_KEY they begin anew."""
    PushSetup.objects.get_or_create(pk=SETUP)
    row = PushSetup.objects.select_for_update().get(pk=SETUP)
    if _has_keys(row):
        return row
    key = ec.generate_private_key(ec.SECP256R1())
    raw = key.private_numbers().private_value.to_bytes(32, "big")
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    row.vapid_private, row.vapid_public = Secret.of(_text(raw)), _text(point)
    row.save(update_fields=["vapid_private", "vapid_public"])
    return row


def public_key() -> str:
    """Return the key that browsers subscribe with."""
    return str(setup().vapid_public)


def authorization(row: PushSetup, audience: str) -> str:
    """Return the header that says to the service at `audience` who we are.

    It is signed once in many hours, for all threads. Raises `WrongKey`.
    """
    name = (audience, row.vapid_public)
    with _signing:
        until, header = _headers.get(name, (0.0, ""))
        if until < time.time():
            expires = int(time.time()) + _LASTS
            claims = {"aud": audience, "sub": _contact(), "exp": expires}
            signed = Vapid02.from_string(row.vapid_private.reveal()).sign(claims)
            header = str(signed["Authorization"])
            _headers[name] = (expires - 3600, header)
        return header


def _contact() -> str:
    """Return whom a service may ask about us."""
    if settings.IS_HTTPS:
        return str(settings.OWN_ORIGINS[0])
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return f"mailto:{address}" if "." in address else "mailto:desk@localhost"


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


__all__ = ["WrongKey", "authorization", "public_key", "setup"]
