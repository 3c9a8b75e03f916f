"""Which pages may open a socket."""

import time
from typing import Any

from django.conf import settings

from agents.models import Brand
from chat.widget.sessions import normal_origin

REMEMBER_SECONDS = 5.0

type Origin = tuple[str, str, int]
_known: tuple[float, frozenset[Origin]] = (0.0, frozenset())


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


def forget_origins() -> None:
    """Ask the database again next time."""
    global _known
    _known = (0.0, frozenset())
