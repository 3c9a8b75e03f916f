"""A visitor's chats: start, list, read, end, rate, take along."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.schema import problems_of
from agents.api.throttling import limited
from agents.models import Channel
from chat.api.messages import Cid, FileIds, MessageText, ReadBody
from chat.api.widget.access import (
    WidgetView,
    limit_address,
    limit_email,
    limit_visitor,
    own_conversation,
    session_of,
    visitor_of,
    visitor_to_be,
)
from chat.api.widget.events import ToldEvents
from chat.api.widget.offline import offline_form
from chat.api.widget.shapes import (
    ChatAnswer,
    ChatsAnswer,
    PlaceAnswer,
    listed_json,
    one_conversation_json,
)
from chat.api.widget.topics import public_topic, require_asked
from chat.operations.conversations import AlreadyOpen, end_conversation
from chat.operations.ratings import NotRateable, rate_conversation
from chat.operations.starting import InvalidMessage, NobodyAvailable, start_conversation
from chat.operations.transcripts import NotSent, request_transcript, require_sendable
from chat.operations.visitors import SiteEvent
from chat.posting.marks import mark_read
from chat.refusals import explain_refusal
from chat.routing.availability import availability
from chat.routing.shown import shown_place
from config.web.api import Email, LineField, StrictSerializer, TextField, valid
from config.web.problems import Problem
from config.web.rate_limits import (
    MESSAGES,
    RATINGS,
    READS,
    STARTS_BY_ADDRESS,
    TRANSCRIPTS,
    TRANSCRIPTS_BY_ADDRESS,
    TRANSCRIPTS_BY_BRAND,
    TRANSCRIPTS_BY_EMAIL,
)


class FormBody(StrictSerializer):
    """The pre-chat form."""

    name = LineField(max_length=120, allow_blank=True, default="")
    email = Email(max_length=254, allow_blank=True, default="")
    phone = LineField(max_length=32, allow_blank=True, default="")


class FirstMessage(StrictSerializer):
    """The message a chat starts with."""

    cid = Cid()
    text = MessageText()
    attachments = FileIds()


class StartBody(StrictSerializer):
    """A new chat."""

    topic = TextField(max_length=20, allow_null=True, default=None)
    topic_text = LineField(max_length=120, allow_blank=True, default="")
    fields = FormBody(default=dict)  # type: ignore[assignment]  # the wire's name
    message = FirstMessage()
    events = ToldEvents(default=list)


class RatingBody(StrictSerializer):
    """What the visitor thought of it."""

    score = serializers.IntegerField(min_value=1, max_value=5)
    comment = TextField(max_length=1000, allow_blank=True, default="")


class Conversations(WidgetView):
    """`conversations`."""

    @extend_schema(operation_id="widget_conversations", responses={200: ChatsAnswer})
    def get(self, request: Request) -> Response:
        """List the visitor's past and open chats."""
        limit_visitor(request, READS)
        return Response({"conversations": listed_json(session_of(request).visitor)})

    @extend_schema(
        operation_id="widget_conversation_start",
        request=StartBody,
        responses={201: PlaceAnswer, 200: PlaceAnswer, **problems_of(400, 409, 429)},
    )
    def post(self, request: Request) -> Response:
        """Start a chat with its first message; the same `cid` again answers the same chat."""
        limit_visitor(request, MESSAGES)
        limit_address(request, STARTS_BY_ADDRESS)
        wish = valid(StartBody, request)
        session = session_of(request)
        topic = public_topic(session.brand, wish["topic"])
        fields = {name: value for name, value in wish["fields"].items() if value}
        require_asked(session.brand, session.known | fields)
        now = timezone.now()
        visitor = visitor_to_be(request, now=now)
        try:
            started = start_conversation(
                channel=Channel.WEB,
                visitor=visitor,
                brand=session.brand,
                topic=topic,
                topic_text=wish["topic_text"],
                fields=fields,
                page=session.page,
                text=wish["message"]["text"],
                client_id=wish["message"]["cid"],
                attachment_ids=wish["message"]["attachments"],
                events=[
                    SiteEvent(each["name"], now - timedelta(seconds=each["ago"]))
                    for each in wish["events"]
                ],
                now=now,
            )
        except AlreadyOpen as error:
            raise Problem(
                409,
                "open",
                _("You already have an open chat."),
                conversation=one_conversation_json(error.conversation),
            ) from error
        except NobodyAvailable as error:
            raise Problem(
                409,
                "offline",
                _("Nobody can take the chat now. Please leave a message."),
                form=offline_form(session),
                availability=availability(session.brand, channel=Channel.WEB, now=now).as_json(
                    session.language
                ),
            ) from error
        except InvalidMessage as error:
            raise Problem(400, *explain_refusal(error)) from error
        chat = started.conversation
        position, eta = shown_place(chat, now=now)
        answer = {"id": chat.public_id, "status": chat.status, "position": position, "eta": eta}
        return Response(answer, status=201 if started.created else 200)


class OneConversation(WidgetView):
    """`conversations/{id}`."""

    @extend_schema(operation_id="widget_conversation", responses={200: ChatAnswer})
    def get(self, request: Request, public_id: str) -> Response:
        """Return one chat."""
        limit_visitor(request, READS)
        return Response(one_conversation_json(own_conversation(request, public_id)))


class Read(WidgetView):
    """`conversations/{id}/read`."""

    @extend_schema(operation_id="widget_read", request=ReadBody, responses={200: dict})
    def post(self, request: Request, public_id: str) -> Response:
        """Move the visitor's read mark."""
        limit_visitor(request, READS)
        conversation = own_conversation(request, public_id)
        body = valid(ReadBody, request)
        mark_read(
            conversation=conversation,
            by=visitor_of(request),
            seq=body["seq"],
        )
        return Response({})


class End(WidgetView):
    """`conversations/{id}/end`."""

    @extend_schema(operation_id="widget_end", request=None, responses={200: ChatAnswer})
    def post(self, request: Request, public_id: str) -> Response:
        """End the chat; ending an ended one changes nothing."""
        limit_visitor(request, MESSAGES)
        conversation = own_conversation(request, public_id)
        if conversation.is_open:
            end_conversation(conversation=conversation, by=visitor_of(request), now=timezone.now())
        return Response(one_conversation_json(conversation))


class Rating(WidgetView):
    """`conversations/{id}/rating`."""

    @extend_schema(
        operation_id="widget_rating",
        request=RatingBody,
        responses={200: ChatAnswer, **problems_of(400, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Rate an ended chat; may be changed for 24 hours."""
        limit_visitor(request, RATINGS)
        conversation = own_conversation(request, public_id)
        body = valid(RatingBody, request)
        try:
            rate_conversation(conversation=conversation, **body, now=timezone.now())
        except NotRateable as error:
            raise Problem(409, "not_rateable", _("This chat can't be rated.")) from error
        return Response(one_conversation_json(conversation))


class TranscriptBody(StrictSerializer):
    """Where to send it."""

    email = Email(max_length=254)
    # The visitor's, as their browser calls it; one that nobody knows is left aside.
    time_zone = TextField(max_length=64, allow_blank=True, default="")


class Transcript(WidgetView):
    """`conversations/{id}/transcript`."""

    @extend_schema(
        operation_id="widget_transcript",
        request=TranscriptBody,
        responses={200: dict, **problems_of(400, 409, 429)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Send what was said by e-mail; each request is one mail."""
        limit_visitor(request, RATINGS)
        conversation = own_conversation(request, public_id)
        body = valid(TranscriptBody, request)
        email: str = body["email"]
        try:
            # First: a mailbox is not used up by what is never sent.
            require_sendable(conversation)
            limit_visitor(request, TRANSCRIPTS)
            limit_address(request, TRANSCRIPTS_BY_ADDRESS)
            limited(TRANSCRIPTS_BY_BRAND, f"brand:{conversation.brand_id}")
            limit_email(TRANSCRIPTS_BY_EMAIL, email)
            request_transcript(conversation=conversation, email=email, time_zone=body["time_zone"])
        except NotSent as error:
            raise Problem(
                409, "unavailable", _("Transcripts of this chat are not sent by e-mail.")
            ) from error
        return Response({})
