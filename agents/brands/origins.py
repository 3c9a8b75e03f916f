"""Origins of web pages: cleaned when typed, compared when a page calls."""

import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from agents.models import Brand

ORIGINS_MAX = 50
REMEMBER_SECONDS = 5.0
_DEFAULT_PORT = {"http": 80, "https": 443}

type Origin = tuple[str, str, int]
_known: tuple[float, frozenset[Origin]] = (0.0, frozenset())


def clean_origin(text: str) -> str:
    """Return `scheme://host[:port]` in the browser's spelling; raise for anything else.

    >>> clean_origin("HTTPS://Şeker.example:443/")
    'https://xn--eker-45a.example'
    """
    wrong = ValidationError(
        _("“%(value)s” is not an address such as https://www.example.com."),
        code="origin",
        params={"value": text[:200]},
    )
    if any(char.isspace() or char in "*\\@?#,;'\"" for char in text):
        raise wrong
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    except (ValueError, UnicodeError) as error:
        raise wrong from error
    if parts.scheme not in _DEFAULT_PORT or not host or parts.path not in {"", "/"}:
        raise wrong
    if ":" in (parts.hostname or ""):
        host = f"[{parts.hostname}]"
    tail = f":{port}" if port and port != _DEFAULT_PORT[parts.scheme] else ""
    return f"{parts.scheme}://{host}{tail}"


def clean_origins(text: str) -> list[str]:
    """Return the origins of a text with one on each line, without repeats."""
    found: list[str] = []
    wrong: list[ValidationError] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            found.append(clean_origin(line))
        except ValidationError as error:
            wrong.append(error)
    if wrong:
        raise ValidationError(wrong)
    found = list(dict.fromkeys(found))
    if len(found) > ORIGINS_MAX:
        raise ValidationError(
            _("At most %(count)d addresses."), code="too_many", params={"count": ORIGINS_MAX}
        )
    return found


def origin_allowed(origin: str | None, brand: Brand | None) -> bool:
    """Return whether a page at `origin` may speak for a visitor of `brand`.

    A missing origin is no browser's cross-site call, and the token is no cookie: accepted.
    Without a brand only our own origins count.
    """
    if origin is None:
        return True
    own = [*settings.OWN_ORIGINS, *(brand.allowed_origins if brand else ())]
    wanted = normal_origin(origin)
    return wanted is not None and any(wanted == normal_origin(each) for each in own)


def normal_origin(origin: str) -> Origin | None:
    """Return scheme, host and port of an origin, or None when it is not exactly one."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if (
        parts.scheme not in _DEFAULT_PORT
        or not parts.hostname
        or parts.path
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        return None
    return parts.scheme, parts.hostname, port or _DEFAULT_PORT[parts.scheme]


def is_source(origin: object) -> bool:
    """Return whether `origin` is exactly scheme, host and port, fit to stand in a header."""
    if not isinstance(origin, str) or normal_origin(origin) is None:
        return False
    # CSP knows no IPv6 addresses in brackets.
    netloc = urlsplit(origin).netloc
    return origin.isascii() and all(sign.isalnum() or sign in ".-:" for sign in netloc)


def origin_of(scope: Any) -> str | None:
    """Return the page that a socket's scope comes from; None for what is no page."""
    for name, value in scope["headers"]:
        if name == b"origin":
            return str(value.decode("latin-1"))
    return None


def is_own(origin: str | None) -> bool:
    """Return whether `origin` is exactly one of ours."""
    return origin is not None and origin in settings.OWN_ORIGINS


def is_known(origin: str) -> bool:
    """Return whether `origin` is one of any brand's; which brand's is asked at `hello`."""
    wanted = normal_origin(origin)
    return wanted is not None and wanted in _all_allowed()


def _all_allowed() -> frozenset[Origin]:
    """Return every brand's origins; strangers who knock must not cost a query each."""
    global _known
    now = time.monotonic()
    if not _known[0] or now - _known[0] > REMEMBER_SECONDS:
        lists = Brand.objects.filter(is_active=True).values_list("allowed_origins", flat=True)
        origins = (normal_origin(each) for allowed in lists for each in allowed)
        _known = (now, frozenset(origin for origin in origins if origin is not None))
    return _known[1]
