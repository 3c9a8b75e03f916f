"""When nobody is there: what to expect, and leaving a message."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.schema import problems_of
from agents.models import Ask, Channel
from chat.api.messages import Cid, MessageText
from chat.api.widget.access import (
    WidgetView,
    limit_address,
    limit_visitor,
    session_of,
    visitor_to_be,
)
from chat.api.widget.shapes import AvailabilityAnswer, OfflineAnswer
from chat.api.widget.topics import public_topic
from chat.operations.holding import answer_at_once
from chat.operations.offline import leave_offline_message
from chat.operations.starting import InvalidMessage
from chat.refusals import explain_refusal
from chat.routing.shown import shown_availability
from chat.widget.sessions import VisitorSession
from config.text.cleaning import is_blank
from config.web.api import Email, LineField, StrictSerializer, TextField, valid
from config.web.problems import Problem
from config.web.rate_limits import OFFLINE_MESSAGES, OFFLINE_MESSAGES_BY_ADDRESS, READS


class OfflineFields(StrictSerializer):
    """Whom to answer."""

    name = LineField(max_length=120, allow_blank=True, default="")
    email = Email(max_length=254)
    phone = LineField(max_length=32, allow_blank=True, default="")


class OfflineBody(StrictSerializer):
    """A message for when somebody is back."""

    cid = Cid()
    topic = TextField(max_length=20, allow_null=True, default=None)
    fields = OfflineFields()  # type: ignore[assignment]  # the wire's name
    text = MessageText(default=serializers.empty, required=True)

    def validate_text(self, value: str) -> str:
        """A message without words asks nothing."""
        if is_blank(value):
            raise serializers.ValidationError(_("This field may not be blank."))
        return value


class Availability(WidgetView):
    """`availability`."""

    @extend_schema(operation_id="widget_availability", responses={200: AvailabilityAnswer})
    def get(self, request: Request) -> Response:
        """Return what the visitor can expect now."""
        limit_visitor(request, READS)
        session = session_of(request)
        answer = shown_availability(session.brand, now=timezone.now())
        return Response(answer.as_json(session.language))


class OfflineMessages(WidgetView):
    """`offline-messages`."""

    @extend_schema(
        operation_id="widget_offline_message",
        request=OfflineBody,
        responses={201: OfflineAnswer, **problems_of(400, 429)},
    )
    def post(self, request: Request) -> Response:
        """Leave a message; it becomes a ticket. The same `cid` again answers the same ticket."""
        limit_visitor(request, OFFLINE_MESSAGES)
        limit_address(request, OFFLINE_MESSAGES_BY_ADDRESS)
        wish = valid(OfflineBody, request)
        session = session_of(request)
        topic = public_topic(session.brand, wish["topic"])
        now = timezone.now()
        visitor = visitor_to_be(request, now=now)
        try:
            left = leave_offline_message(
                channel=Channel.WEB,
                visitor=visitor,
                brand=session.brand,
                topic=topic,
                fields={name: value for name, value in wish["fields"].items() if value},
                page=session.page,
                text=wish["text"],
                client_id=wish["cid"],
                now=now,
            )
        except InvalidMessage as error:
            raise Problem(400, *explain_refusal(error)) from error
        answer = {
            "ticket": left.ticket.number,
            "reply": answer_at_once(left.conversation)
            or _("We have received your message. We will answer by e-mail."),
        }
        return Response(answer, status=201)


def offline_form(session: VisitorSession) -> dict[str, Any]:
    """Return the description of the offline form: without an address nobody can answer."""
    asks_name, asks_phone = session.brand.ask_name, session.brand.ask_phone
    phone = {
        "name": "phone",
        "label": _("Phone"),
        "type": "tel",
        "required": asks_phone == Ask.REQUIRED,
    }
    return {
        "fields": [
            {
                "name": "name",
                "label": _("Name"),
                "type": "text",
                "required": asks_name == Ask.REQUIRED,
            },
            {"name": "email", "label": _("E-mail"), "type": "email", "required": True},
            *([] if asks_phone == Ask.NO else [phone]),
            {"name": "text", "label": _("Message"), "type": "textarea", "required": True},
        ]
    }
