"""Origins of web pages, exactly as browsers send them."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

ORIGINS_MAX = 50
_DEFAULT_PORT = {"http": 80, "https": 443}


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
