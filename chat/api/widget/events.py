"""What the site tells of the visitor."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.schema import problems_of
from chat.api.widget.access import WidgetView, limit_visitor, session_of
from chat.operations.visitors import note_site_event
from config.web.api import LineField, StrictSerializer, valid
from config.web.limits import SITE_EVENTS


class SiteEventBody(StrictSerializer):
    """Something that happened on the site."""

    name = LineField(max_length=60)


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
        if visitor is not None:
            name = body["name"]
            note_site_event(visitor=visitor, name=name, now=timezone.now())
        return Response(status=204)
