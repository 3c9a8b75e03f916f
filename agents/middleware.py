"""Each person's own language, time zone and theme on every page."""

import time
import zoneinfo
from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from agents.audit import caller_ip
from agents.credentials.last_used import note_use
from agents.models import Agent

# Visitors' doors: they neither have an agent nor should wait for a session to be looked up.
_NOT_OURS = ("/api/widget/", "/widget", "/static/", "/metrics", "/t/", "/c/", "/hooks/")
# How often a session's time of last use is written.
_TOUCH_SECONDS = 300.0
_TOUCHED_MAX = 10_000
_touched: dict[str, float] = {}


class PreferencesMiddleware:
    """Activate what the signed-in agent prefers; the account is loaded already, so no query.

    Anonymous requests keep what LocaleMiddleware found in the cookie or Accept-Language.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request."""
        if request.path_info.startswith(_NOT_OURS):
            return self.get_response(request)
        agent = request.user
        zone = None
        request.theme = ""  # type: ignore[attr-defined]
        if isinstance(agent, Agent):
            translation.activate(agent.language)
            request.LANGUAGE_CODE = translation.get_language()
            if agent.theme != Agent.Theme.SYSTEM:
                request.theme = agent.theme  # type: ignore[attr-defined]
            zone = zone_of(agent)
            _touch(request)
        mark = caller_ip.set(_ip(request))
        try:
            with timezone.override(zone):
                return self.get_response(request)
        finally:
            caller_ip.reset(mark)


def zone_of(agent: Agent) -> zoneinfo.ZoneInfo | None:
    """Return the agent's time zone; None, which means the server's, for one that is unknown."""
    try:
        return zoneinfo.ZoneInfo(agent.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _ip(request: HttpRequest) -> str | None:
    try:
        ip: str = get_adapter().get_client_ip(request)
    except PermissionDenied:
        return None
    return ip


def _touch(request: HttpRequest) -> None:
    """Note when a session was last used, once in five minutes and process."""
    key = request.session.session_key
    now = time.monotonic()
    if not key or now - _touched.get(key, -_TOUCH_SECONDS) < _TOUCH_SECONDS:
        return
    if len(_touched) >= _TOUCHED_MAX:
        _touched.clear()
    _touched[key] = now
    note_use(UserSession.objects.filter(session_key=key), last_seen_at=timezone.now())
