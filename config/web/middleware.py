"""What every request is checked for and every answer carries, besides Django's own middleware."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from config.web.errors import bad_request

# Devices and interfaces that no page of ours uses, so that nothing smuggled into one can.
PERMISSIONS_POLICY = (
    "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), "
    "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)


@sync_and_async_middleware
def security_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Switch off unused browser features; keep answers out of every cache unless they say else."""
    if iscoroutinefunction(get_response):
        answer: Callable[[HttpRequest], Awaitable[HttpResponseBase]] = get_response

        async def serve(request: HttpRequest) -> HttpResponseBase:
            return _add(request, await answer(request))

        return serve

    def serve_sync(request: HttpRequest) -> HttpResponseBase:
        return _add(request, get_response(request))

    return serve_sync


def _add(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
    # Whoever may be kept says so: a page of somebody's is not shown to the next at the screen.
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@sync_and_async_middleware
def refuse_nul(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer 400 to a NUL in address or session: PostgreSQL can't even be asked for one."""
    if iscoroutinefunction(get_response):
        answer: Callable[[HttpRequest], Awaitable[HttpResponseBase]] = get_response

        async def serve(request: HttpRequest) -> HttpResponseBase:
            return bad_request(request) if _has_nul(request) else await answer(request)

        return serve

    def serve_sync(request: HttpRequest) -> HttpResponseBase:
        return bad_request(request) if _has_nul(request) else get_response(request)

    return serve_sync


def _has_nul(request: HttpRequest) -> bool:
    return (
        "\0" in request.path
        or "%00" in request.META.get("QUERY_STRING", "")
        # A quoted cookie may spell it \000.
        or "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    )
