"""The link with which a customer goes on with a chat: it opens this one chat, and lasts a week."""

import time
from collections.abc import Sequence
from hashlib import sha256

from django.conf import settings
from django.core import signing
from django.urls import reverse

from chat.models import Conversation

KEPT_SECONDS = 7 * 24 * 3600
# What stands in a mail opens nothing by itself, and what a browser keeps is no link.
_LINK, _COOKIE = "chat.link", "chat.page"


def link_to(chat: Conversation, address: str) -> str:
    """Return the link for whoever reads mail at `address`."""
    until = int(time.time()) + KEPT_SECONDS
    token = signing.dumps([*_claim(chat, address), until], salt=_LINK)
    path = reverse("chat-link", args=[chat.public_id, token])
    return f"{settings.PUBLIC_URL}{path}"


def cookie_for(chat: Conversation, address: str, *, until: int) -> str:
    """Return what a browser keeps instead of the link: no longer than the link is good."""
    return signing.dumps([*_claim(chat, address), until], salt=_COOKIE)


def opens(chat: Conversation, address: str, token: str, *, is_cookie: bool) -> int:
    """Return until when, in seconds since 1970, a token opens a chat; 0 when it doesn't.

    `address` is that of its customer now: with another one since, the link was somebody else's.
    """
    salt = _COOKIE if is_cookie else _LINK
    try:
        told: Sequence[str | int] = signing.loads(token, salt=salt)
        *claim, until = told
    except (signing.BadSignature, ValueError):
        return 0
    is_theirs = bool(address) and claim == _claim(chat, address)
    return until if is_theirs and isinstance(until, int) and until > time.time() else 0


def _claim(chat: Conversation, address: str) -> list[str]:
    return [chat.public_id, sha256(address.casefold().encode()).hexdigest()[:20]]
