"""What people see when a page can't be shown: a calm page, or a problem document for programs.

These views must work when nothing else does: no database, no session, no context processor.
"""

import sys
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.web.problems import CONTENT_TYPE, may_pass, problem


class ErrorText(NamedTuple):
    """What one page says."""

    title: Promise
    advice: Promise


TEXTS = {
    "400": ErrorText(
        _("This request was not understood"),
        _("Go back, reload the page and try again."),
    ),
    "403": ErrorText(
        _("You may not open this page"),
        _("Ask an admin for access, or sign in with another account."),
    ),
    "404": ErrorText(
        _("This page does not exist"),
        _("The address may be mistyped, or what was here is gone."),
    ),
    "413": ErrorText(
        _("This is too large"),
        _("Choose a smaller file or a shorter text and try again."),
    ),
    "429": ErrorText(
        _("Too many attempts"),
        _("Please wait a few minutes and try again."),
    ),
    "500": ErrorText(
        _("Something went wrong"),
        _("It has been recorded. Please try again in a moment."),
    ),
    "503": ErrorText(
        _("Not available right now"),
        _("Nothing was stored. Please go back and try again in a moment."),
    ),
    "csrf": ErrorText(
        _("This page was open for too long"),
        _("Go back, reload it and send it again. Your browser must allow cookies."),
    ),
}
STYLES = ["css/tokens.css", "css/base.css", "css/components.css", "css/boxes.css", "css/errors.css"]


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 when the request was refused for its size."""
    return _answer(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _answer(request, 403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _answer(request, 404)


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429, for doors of people; the API answers through `config.web.problems`."""
    response = _answer(request, 429)
    response["Retry-After"] = "300"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 when the same may pass later: the database is away, or the disk is full."""
    if not may_pass(sys.exception()):
        return _answer(request, 500)
    response = _answer(request, 503)
    response["Retry-After"] = "5"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a valid token; the reason is for nobody's eyes.

    The form of the sign-in is fetched anew instead: beside a tab that waited somebody may have
    signed in, and then it leads on to the console.
    """
    if request.path == reverse("account_login") and settings.CSRF_COOKIE_NAME in request.COOKIES:
        return HttpResponseRedirect(request.get_full_path())
    return _answer(request, 403, page="csrf", code="csrf")


def _answer(
    request: HttpRequest, status: int, *, page: str = "", code: str | None = None
) -> HttpResponse:
    language = getattr(request, "LANGUAGE_CODE", "") or translation.get_language_from_request(
        request
    )
    with translation.override(language):
        if request.path.startswith("/api/"):
            return JsonResponse(problem(status, code), status=status, content_type=CONTENT_TYPE)
        text = TEXTS[page or str(status)]
        html = render_to_string(
            "errors/page.html",
            {
                "language": language,
                "status": status,
                "title": text.title,
                "advice": text.advice,
                "styles": [_url(name) for name in STYLES],
            },
        )
    return HttpResponse(html, status=status)


def _url(name: str) -> str:
    """Return where a static file is; a missing manifest must not break the page that says so."""
    try:
        return static(name)
    except ValueError:
        return f"/static/{name}"
