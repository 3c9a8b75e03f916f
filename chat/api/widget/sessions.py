"""Opening and renewing a visitor's session."""

from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api.schema import problems_of
from agents.models import Language
from chat.api.widget.access import WidgetParser, foreign_origin, limit_address
from chat.api.widget.shapes import SessionAnswer, open_conversation_json
from chat.routing.shown import shown_to
from chat.widget.config import widget_config
from chat.widget.identities import NotIdentified
from chat.widget.sessions import BadToken, ForeignOrigin, UnknownSite, open_session
from config.web.api import StrictSerializer, TextField, decoration, valid
from config.web.problems import Problem, TryAgain
from config.web.rate_limits import SESSIONS, client_ip

_PAGE_MAX = 8000


class PageBody(serializers.Serializer[Any]):
    """Where the visitor is. Anything but an http address is left out, and nothing refused."""

    url = TextField(default="")
    title = TextField(default="")
    referrer = TextField(default="")

    def run_validation(self, data: Any = serializers.empty) -> dict[str, str]:
        told = data if isinstance(data, dict) else {}
        page = {
            name: decoration(told.get(name), _PAGE_MAX) for name in ("url", "title", "referrer")
        }
        for name in ("url", "referrer"):
            page[name] = page[name] if _is_web_address(page[name]) else ""
        return page


class ConsentBody(StrictSerializer):
    """Which version of the notice was accepted."""

    version = TextField(max_length=40, allow_blank=True, default="")


class SessionBody(StrictSerializer):
    """What a widget says when it starts."""

    site = TextField(max_length=40)
    visitor = TextField(max_length=200, allow_blank=True, allow_null=True, default=None)
    identity = TextField(max_length=4096, allow_blank=True, allow_null=True, default=None)
    page = PageBody(default=dict)
    language = TextField(max_length=40, allow_blank=True, default="")
    consent = ConsentBody(allow_null=True, default=None)


def _is_web_address(raw: str) -> bool:
    try:
        parts = urlsplit(raw)
        # Without a host it would lead somewhere on our own.
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


class Sessions(APIView):
    """`POST sessions`: the only call without a token."""

    parser_classes = [WidgetParser]
    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    @extend_schema(
        operation_id="widget_session_open",
        request=SessionBody,
        responses={201: SessionAnswer, **problems_of(400, 403, 429, 503)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Open a session on a site, or renew it with the visitor's secret."""
        limit_address(request, SESSIONS)
        _speak(request.data)
        wish = valid(SessionBody, request)
        now = timezone.now()
        try:
            opened = open_session(
                site=wish["site"],
                origin=request.headers.get("Origin"),
                secret=wish["visitor"],
                identity=wish["identity"],
                language=wish["language"],
                page=wish["page"],
                consent=wish["consent"],
                address=client_ip(request),
                user_agent=request.headers.get("User-Agent", ""),
                now=now,
            )
        except UnknownSite as error:
            raise NotFound from error
        except ForeignOrigin as error:
            raise foreign_origin() from error
        except NotIdentified as error:
            raise _not_identified(error) from error
        except BadToken as error:
            # Another tab has just made somebody else of this browser: who asks again is a new one.
            raise TryAgain from error
        session = opened.session
        translation.activate(session.language)
        brand, language = session.brand, session.language
        shown = shown_to(brand.pk, now=now)
        answer: dict[str, Any] = {
            "token": opened.token,
            "expires_in": settings.IMECE["VISITOR_TOKEN_SECONDS"],
            "config": shown.once(language, partial(widget_config, brand, language)),
            "availability": shown.availability(brand).as_json(language),
            "conversation": open_conversation_json(session.visitor),
            "fields": session.known,
        }
        if opened.secret is not None:
            answer["visitor"] = opened.secret
        if opened.identity is not None:
            answer["identity"] = opened.identity
        return Response(answer, status=201)


def _not_identified(error: NotIdentified) -> Problem:
    texts = {
        "identity_off": _("This site has no key that identities could be signed with."),
        "identity_expired": _("The signed identity is too old."),
    }
    text = texts.get(error.code, _("The signed identity is not valid."))
    return Problem(403, error.code, text, claim=error.claim or None)


def _speak(data: Any) -> None:
    """Answer in the language asked for, refusals included."""
    wished = data.get("language") if isinstance(data, dict) else None
    if isinstance(wished, str) and wished[:2].lower() in Language.values:
        translation.activate(wished[:2].lower())
