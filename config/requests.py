"""What no request of ours ever contains."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from config.web.errors import bad_request


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
