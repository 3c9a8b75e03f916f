"""Service accounts of Google, as they are pasted."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

# Where Google hands out access tokens.
_GOOGLE = {"oauth2.googleapis.com", "accounts.google.com", "www.googleapis.com"}
_PROJECT = re.compile(r"[a-z][a-z0-9.:-]{3,60}")


class InvalidAccount(ValueError):
    """Google hands out no such account."""


def read_account(text: str) -> dict[str, Any]:
    """Return an account from Google's JSON; raises `InvalidAccount`.

    The tokens are fetched at Google only: whoever pastes an account must not have us call others.
    """
    try:
        account = json.loads(text)
        is_account = account["type"] == "service_account" and "@" in account["client_email"]
        is_named = bool(_PROJECT.fullmatch(account["project_id"]))
        token_uri = urlsplit(account["token_uri"])
        load_pem_private_key(account["private_key"].encode(), password=None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidAccount from error
    host = token_uri.hostname or ""
    is_ours = host in settings.OUTBOUND_PRIVATE
    if not is_ours and (token_uri.scheme != "https" or host not in _GOOGLE):
        raise InvalidAccount
    if not is_account or not is_named:
        raise InvalidAccount
    found: dict[str, Any] = account
    return found
