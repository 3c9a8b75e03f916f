"""RFC 9457 problem documents: every error of the API has one shape and tells no secrets."""

import errno
import math
import sqlite3
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, Throttled, ValidationError
from rest_framework.exceptions import NotFound as DRFNotFound
from rest_framework.exceptions import PermissionDenied as DRFPermissionDenied
from rest_framework.response import Response

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
# SQLSTATEs of a deadlock, of a race, and of a lock that came too late.
_PASSING = {"40P01", "40001", "55P03"}
# Their classes when the server is out of connections or space, going down, not there, or read-only.
_AWAY = ("08", "53", "57P", "25006")
# A lock that came too late; a file that can't grow, be written or be reached.
_SQLITE = ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
CODES = {
    status.HTTP_400_BAD_REQUEST: "invalid",
    status.HTTP_401_UNAUTHORIZED: "unauthorized",
    status.HTTP_403_FORBIDDEN: "forbidden",
    status.HTTP_404_NOT_FOUND: "not_found",
    status.HTTP_405_METHOD_NOT_ALLOWED: "method_not_allowed",
    status.HTTP_406_NOT_ACCEPTABLE: "not_acceptable",
    status.HTTP_408_REQUEST_TIMEOUT: "timeout",
    status.HTTP_409_CONFLICT: "conflict",
    status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: "too_large",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    status.HTTP_429_TOO_MANY_REQUESTS: "rate",
    status.HTTP_500_INTERNAL_SERVER_ERROR: "error",
    status.HTTP_503_SERVICE_UNAVAILABLE: "unavailable",
}
TITLES = {
    400: gettext_lazy("The request is not valid"),
    401: gettext_lazy("Please sign in"),
    403: gettext_lazy("You may not do this"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("This method is not allowed here"),
    406: gettext_lazy("This format is not available"),
    408: gettext_lazy("This took too long"),
    409: gettext_lazy("This is no longer possible"),
    413: gettext_lazy("This is too large"),
    415: gettext_lazy("This kind of content is not accepted"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something went wrong"),
    503: gettext_lazy("Not available right now"),
}


class Problem(APIException):
    """An expected refusal: `raise Problem(409, "open", conversation=public_id)`."""

    def __init__(
        self,
        status_code: int,
        code: str,
        detail: str = "",
        *,
        retry_after: float | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail or None, code)
        self.status_code = status_code
        self.problem_code = code
        self.problem_detail = str(detail)
        self.members = members
        self.retry_after = retry_after


class TryAgain(Exception):
    """Others were changing the same all the time. Nothing was stored; the same again may pass."""


def problem(
    status_code: int, code: str | None = None, detail: str = "", **members: Any
) -> dict[str, Any]:
    """Return a problem document."""
    return {
        "type": "about:blank",
        "title": str(TITLES.get(status_code, TITLES[500])),
        "status": status_code,
        "code": code or CODES.get(status_code, "error"),
        "detail": str(detail),
    } | members


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """Answer any exception of an API view with a problem document; unknown ones say nothing."""
    headers: dict[str, str] = {}
    if isinstance(exc, Http404):
        exc = DRFNotFound()
    elif isinstance(exc, PermissionDenied):
        exc = DRFPermissionDenied()
    elif isinstance(exc, (SuspiciousOperation, MultiPartParserError)):
        # Django refuses a form: broken, or with more parts or fields than anybody needs.
        exc = ParseError(_("The request is not valid"))
    elif may_pass(exc):
        log.warning("api.not_now", exc_info=exc, view=type(context.get("view")).__name__)
        exc = Problem(503, "unavailable", _("Please try again in a moment."), retry_after=2)
    if not isinstance(exc, APIException):
        request = context.get("request")
        log.error(
            "api.unexpected",
            exc_info=exc,
            view=type(context.get("view")).__name__,
            method=getattr(request, "method", ""),
        )
        body = problem(500)
    else:
        body = _of(exc)
        if challenge := getattr(exc, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        wait = getattr(exc, "retry_after", None) or getattr(exc, "wait", None)
        if wait is not None:
            headers["Retry-After"] = str(max(1, math.ceil(wait)))
    response = Response(body, status=body["status"], headers=headers)
    response.content_type = CONTENT_TYPE
    return response


def may_pass(exc: BaseException | None) -> bool:
    """Return whether nothing was stored, for a reason that may be gone by the next try.

    A disk that is full or read-only is one: whoever runs the product is told by `/readyz`.
    """
    if isinstance(exc, (TryAgain, InterfaceError)):
        return True
    if isinstance(exc, OSError):
        return exc.errno in _NO_SPACE
    # PostgreSQL's state of a server that only reads is no operational error to Django.
    if not isinstance(exc, (OperationalError, InternalError)):
        return False
    if isinstance(exc.__cause__, sqlite3.Error):
        # Our own gate says the words and knows no name.
        name = getattr(exc.__cause__, "sqlite_errorname", "")
        return name.startswith(_SQLITE) or "locked" in str(exc)
    state: str | None = getattr(exc.__cause__, "sqlstate", None)
    # None: the connection was lost.
    return state is None or state in _PASSING or state.startswith(_AWAY)


def _of(exc: APIException) -> dict[str, Any]:
    if isinstance(exc, Problem):
        return problem(exc.status_code, exc.problem_code, exc.problem_detail, **exc.members)
    if isinstance(exc, ValidationError):
        errors = _places(exc.get_full_details())
        return problem(exc.status_code, "invalid", next(iter(errors.values()), ""), errors=errors)
    if isinstance(exc, Throttled):
        return problem(exc.status_code, "rate", _("Please wait a moment and try again"))
    # A row somebody may not see and a row that is not there look the same: no detail.
    detail = "" if exc.status_code in {404, 500} else str(exc.detail)
    return problem(exc.status_code, None, detail)


def _places(errors: Any, at: str = "") -> dict[str, str]:
    """Return what is wrong by its place, such as "fields.email": the first message of each."""
    if isinstance(errors, dict) and isinstance(errors.get("message"), str):
        return {at: str(errors["message"])}
    each = errors.items() if isinstance(errors, dict) else enumerate(errors)
    found: dict[str, str] = {}
    for name, inner in each:
        # The messages of one place stand in a list, in which a number says nothing.
        is_said = isinstance(inner, dict) and isinstance(inner.get("message"), str)
        is_of_place = is_said and isinstance(errors, list)
        place = at if is_of_place else f"{at}.{name}" if at else str(name)
        for where, text in _places(inner, place).items():
            found.setdefault(where, text)
    return found
