"""Browsers in which somebody has signed in before.

Whoever guesses the password of a known address is soon refused there, and would lock its owner out
with it. A browser that the owner has used counts its failures by itself (OWASP: device cookies).
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from config.mail import own_spelling

COOKIE = "imece_device"
_AGE = 60 * 60 * 24 * 180
_SALT = "agents.known_devices"


def device_of(request: HttpRequest, email: str) -> str:
    """Return which browser asks, when somebody has signed in there with `email`; else ""."""
    try:
        name, owner = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_AGE)
    except (signing.BadSignature, TypeError, ValueError):
        return ""
    return str(name) if constant_time_compare(owner, _digest(email)) else ""


def remember_device(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Let the browser show later that `email` has signed in here."""
    # The last one who signed in: a list of all would tell who works at this screen.
    name = device_of(request, email) or secrets.token_hex(16)
    response.set_cookie(
        COOKIE,
        signing.dumps([name, _digest(email)], salt=_SALT),
        max_age=_AGE,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _digest(email: str) -> str:
    return salted_hmac(_SALT, own_spelling(email), algorithm="sha256").hexdigest()
