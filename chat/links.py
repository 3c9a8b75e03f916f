"""The link with which a customer goes on with a chat: it opens this one chat, and lasts a week."""

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
    token = signing.dumps(_claim(chat, address), salt=_LINK)
    path = reverse("chat-link", args=[chat.public_id, token])
    return f"{settings.PUBLIC_URL}{path}"


def cookie_for(chat: Conversation, address: str) -> str:
    """Return what a browser keeps instead of the link."""
    return signing.dumps(_claim(chat, address), salt=_COOKIE)


def opens(chat: Conversation, address: str, token: str, *, is_cookie: bool) -> bool:
    """Return whether a token opens a chat whose customer's address is `address` now.

    Another address since: the link was somebody else's.
    """
    salt = _COOKIE if is_cookie else _LINK
    try:
        claim = signing.loads(token, salt=salt, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return False
    return bool(address) and claim == _claim(chat, address)


def _claim(chat: Conversation, address: str) -> list[str]:
    return [chat.public_id, sha256(address.casefold().encode()).hexdigest()[:20]]
