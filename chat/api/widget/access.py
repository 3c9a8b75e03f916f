"""Who calls from a widget: a bearer token, from a page that may speak for it."""

import json
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.utils import translation
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from agents.api.throttling import limited
from agents.brands.origins import origin_allowed
from chat.models import Conversation, Visitor
from chat.rights.visitors import own_chats
from chat.widget.sessions import (
    BadToken,
    VisitorSession,
    read_token,
    remember_session,
)
from config.web.api import StrictJSONParser
from config.web.problems import Problem
from config.web.rate_limits import Limit, client_ip, mailbox_key, place_of

# The page, what happened there before a chat, and what happens there now.
_DECORATION = {"page", "events", "name"}


class VisitorAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>` of a widget session."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, VisitorSession] | None:
        scheme, _space, raw = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer" or not raw:
            return None
        try:
            session = read_token(raw.decode("latin-1").strip())
        except BadToken as error:
            raise _session_ended() from error
        translation.activate(session.language)
        refuse_foreign_origin(request, session)
        return AnonymousUser(), session

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class VisitorToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The widget's bearer token."""

    target_class = VisitorAuthentication
    name = "visitor"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class HasSession(BasePermission):
    """Only with a valid token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, VisitorSession)


class WidgetParser(StrictJSONParser):
    """What the host page says of itself and its visitor is mended: it is only ever shown."""

    def mend(self, parsed: Any) -> Any:
        if isinstance(parsed, dict):
            for name in _DECORATION & parsed.keys():
                # Halves of characters, wherever they stand.
                whole = json.dumps(parsed[name], ensure_ascii=False).encode(errors="replace")
                parsed[name] = json.loads(whole)
        return parsed


class WidgetView(APIView):
    """A call of a visitor."""

    parser_classes = [WidgetParser]
    authentication_classes = [VisitorAuthentication]
    permission_classes = [HasSession]
    throttle_classes = []


def session_of(request: Request) -> VisitorSession:
    """Return the caller's session."""
    return cast(VisitorSession, request.auth)


def refuse_foreign_origin(request: Request, session: VisitorSession) -> None:
    """Raise 403 when the page that calls is neither ours nor the brand's."""
    if not origin_allowed(request.headers.get("Origin"), session.brand):
        raise foreign_origin()


def foreign_origin() -> Problem:
    """Return the problem of a page that may not call."""
    return Problem(403, "origin", _("This page may not use the chat."))


def limit_visitor(request: Request, limit: Limit) -> None:
    """Count one more by this visitor; raises 429."""
    limited(limit, f"visitor:{session_of(request).secret_hash[:32]}")


def limit_address(request: Request, limit: Limit, amount: int = 1) -> None:
    """Count one more, or `amount`, from this address; raises 429."""
    limited(limit, place_of(request), amount)


def limit_email(limit: Limit, email: str) -> None:
    """Count one more mail to this mailbox; raises 429."""
    limited(limit, mailbox_key(email))


def own_conversation(request: Request, public_id: str) -> Conversation:
    """Return the caller's conversation with this id; raises 404."""
    visitor = session_of(request).visitor
    if visitor is not None:
        found = own_chats(visitor).filter(public_id=public_id).select_related("brand", "visitor")
        if conversation := found.first():
            return conversation
    raise NotFound()


def visitor_to_be(request: Request, *, now: datetime) -> Visitor:
    """Return the caller's row; what they do now makes it if there is none."""
    try:
        return remember_session(
            session=session_of(request),
            address=client_ip(request),
            user_agent=request.headers.get("User-Agent", ""),
            now=now,
        )
    except BadToken as error:
        raise _session_ended() from error


def _session_ended() -> AuthenticationFailed:
    return AuthenticationFailed(_("The session has ended. Please try again."))


def visitor_of(request: Request) -> Visitor:
    """Return the caller's row, which is there once `own_conversation` has found something."""
    visitor = session_of(request).visitor
    if visitor is None:
        raise NotFound
    return visitor
