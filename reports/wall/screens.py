"""The wallboard on a screen where nobody is signed in: by a link once, then by a cookie."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from agents.access import access_of
from reports.models import Screen
from reports.wall.board import reaches_of
from reports.wall.operations import LinkInvalid, find_link, screen_of, sees_brand, start_screen
from reports.wall.showing import shown_board

COOKIE = "__Host-wall" if settings.IS_HTTPS else "imece_wall"
_YEAR = 365 * 24 * 3600


@never_cache
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """Ask for a press, and swap the link for a cookie.

    A preview of the link presses nothing; and without a press no browser lets a page sound.
    """
    screen = find_link(secret=secret, now=timezone.now())
    if screen is None:
        return _invalid(request)
    with translation.override(screen.made_by.language):
        if request.method == "GET":
            # No other policy on referrers than the usual: without any the form's origin is unknown.
            return render(request, "reports/wall/start.html", {"screen": screen})
        try:
            token = start_screen(secret=secret, now=timezone.now())
        except LinkInvalid:
            return _invalid(request)
        response = redirect("wall-screen")
    response["Referrer-Policy"] = "no-referrer"
    response.set_cookie(
        COOKIE, token, max_age=_YEAR, secure=settings.IS_HTTPS, httponly=True, samesite="Strict"
    )
    return response


@never_cache
@require_GET
def screen(request: HttpRequest) -> HttpResponse:
    """Show the whole screen."""
    return _show(request, "reports/wall/screen.html")


@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Return what the screen shows now."""
    return _show(request, "reports/wall/board.html")


def _show(request: HttpRequest, template: str) -> HttpResponse:
    found: Screen | None = screen_of(request.COOKIES.get(COOKIE, ""))
    if found is None:
        return _invalid(request)
    # Whoever made it may see less by now.
    access = access_of(found.made_by)
    if not reaches_of(access) or not sees_brand(access, found.brand_id):
        return _invalid(request)
    language = found.made_by.language
    with translation.override(language):
        context = shown_board(access, brand=found.brand_id, language=language, now=timezone.now())
        context["title"] = found.brand.name if found.brand else _("All brands")
        context["language"] = language
        return render(request, template, context)


def _invalid(request: HttpRequest) -> HttpResponse:
    return render(request, "reports/wall/invalid.html", status=404)
