"""What the site tells of the visitor."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.schema import problems_of
from chat.api.widget.access import WidgetView, limit_visitor, session_of
from chat.operations.opening import note_opened
from chat.operations.visitors import EVENTS_KEPT, note_site_event
from config.text.cleaning import is_blank
from config.web.api import StrictSerializer, TextField, decoration, valid
from config.web.rate_limits import (
    OPENED,
    OPENED_BY_ADDRESS,
    OPENED_BY_BRAND,
    SITE_EVENTS,
    TooMany,
    place_of,
    spend,
)

_NAME_MAX = 60
_LONGEST_AGO = 10**9


class EventName(TextField):
    """What happened, in the site's own words: any string, cut and mended."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return decoration(data, _NAME_MAX)


class SiteEventBody(StrictSerializer):
    """Something that happened on the site."""

    name = EventName()


class ToldBody(SiteEventBody):
    """What the site told before the first message, and how many seconds ago."""

    ago = serializers.IntegerField(default=0)


class ToldEvents(serializers.ListField):
    """All that was told: the newest are kept, what is no event is left out, nothing refused."""

    child = ToldBody()

    def run_validation(self, data: Any = serializers.empty) -> list[dict[str, Any]]:
        told = [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []
        named = [(decoration(each.get("name"), _NAME_MAX), each.get("ago")) for each in told]
        events = [{"name": name, "ago": _seconds(ago)} for name, ago in named if not is_blank(name)]
        return events[-EVENTS_KEPT:]


def _seconds(given: Any) -> int:
    return given if type(given) is int and 0 <= given <= _LONGEST_AGO else 0


class Events(WidgetView):
    """`events`."""

    @extend_schema(
        operation_id="widget_event",
        request=SiteEventBody,
        responses={204: None, **problems_of(400, 429)},
    )
    def post(self, request: Request) -> Response:
        """Keep what happened for the agents; nothing is kept of somebody without a row."""
        limit_visitor(request, SITE_EVENTS)
        body = valid(SiteEventBody, request)
        visitor = session_of(request).visitor
        if visitor is not None and not is_blank(body["name"]):
            note_site_event(visitor=visitor, name=body["name"], now=timezone.now())
        return Response(status=204)


def _browser_of(request: Request) -> str:
    """Return what stays the same on the site's next page; of a stranger no secret does.

    Nor does anything that the stranger chooses, such as the browser's name: agents hear of one
    window an hour from an address, and not of as many as somebody likes.
    """
    session = session_of(request)
    if session.visitor is not None:
        return f"visitor:{session.secret_hash[:32]}"
    return f"brand:{session.brand_id}:{place_of(request._request)}"


class Opened(WidgetView):
    """`opened`."""

    @extend_schema(
        operation_id="widget_opened",
        request=StrictSerializer,
        responses={204: None, **problems_of(400)},
    )
    def post(self, request: Request) -> Response:
        """Have agents hear that the window was opened, where the brand wants that."""
        valid(StrictSerializer, request)
        session = session_of(request)
        if session.brand.tell_opened:
            try:
                spend(OPENED, _browser_of(request))
                spend(OPENED_BY_ADDRESS, place_of(request._request))
                spend(OPENED_BY_BRAND, f"brand:{session.brand_id}")
            except TooMany:
                # It is heard already: nothing for a visitor to wait for.
                return Response(status=204)
            page = session.visitor.page if session.visitor else session.page
            note_opened(brand=session.brand, visitor=session.visitor, page=page)
        return Response(status=204)
