"""Chats at the desk: pass them on, make tickets of them, tag them, mark spam."""

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of
from agents.api.schema import problems_of
from agents.api.shapes import NameAnswer
from agents.models import Agent, Team
from agents.models.tag import NAME_MAX
from agents.operations.tags import InvalidTag
from chat.api.desk.access import filed_chat, handled_chat, visible_chat
from chat.api.desk.conversations import fresh
from chat.api.desk.shapes import ConvertedAnswer, DeskChatAnswer
from chat.models import Conversation
from chat.operations.spam import clear_spam, mark_spam
from chat.operations.tags import TAGS_MAX, TooManyTags, change_tags
from chat.operations.tickets import EmailNeeded, convert_to_ticket
from chat.operations.transfers import REASON_MAX, transfer
from chat.queries.tags import tags_of
from chat.refusals import (
    TRANSFER_REFUSALS,
    explain_refusal,
    explain_transfer,
    recipient_agent,
    recipient_team,
    refusal_text,
)
from config.web.api import Email, StrictSerializer, TextField, valid
from config.web.problems import Problem
from tickets.models import Ticket


class TransferBody(StrictSerializer):
    """To whom, and why."""

    agent = TextField(max_length=22, required=False)
    team = TextField(max_length=20, required=False)
    reason = TextField(max_length=REASON_MAX, required=False, allow_blank=True, default="")


class ConvertBody(StrictSerializer):
    """The customer's address, if nobody knows it yet, and what kind of ticket it becomes."""

    email = Email(max_length=254, required=False)
    type = serializers.ChoiceField(Ticket.Type.choices, required=False)


class TagsBody(StrictSerializer):
    """Words to put on a chat and to take off it."""

    add = serializers.ListField(
        child=TextField(max_length=NAME_MAX), max_length=TAGS_MAX, required=False, default=list
    )
    remove = serializers.ListField(
        child=TextField(max_length=NAME_MAX), max_length=TAGS_MAX, required=False, default=list
    )


class Transfer(DeskView):
    """`conversations/{id}/transfer`."""

    @extend_schema(
        operation_id="conversation_transfer",
        request=TransferBody,
        responses={200: DeskChatAnswer, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Pass a chat on to an agent who is Online and has a free slot, or to a team's queue."""
        chat = handled_chat(request, public_id)
        wish = valid(TransferBody, request)
        try:
            transfer(
                conversation=chat,
                to=_recipient(wish.get("agent"), wish.get("team")),
                by=agent_of(request),
                now=timezone.now(),
                reason=wish["reason"],
            )
        except TRANSFER_REFUSALS as error:
            raise Problem(409, *explain_transfer(error)) from error
        return fresh(chat)


class Convert(DeskView):
    """`conversations/{id}/convert`."""

    @extend_schema(
        operation_id="conversation_convert",
        request=ConvertBody,
        responses={
            201: ConvertedAnswer,
            200: ConvertedAnswer,
            **problems_of(400, 403, 404),
        },
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Make a ticket of a chat, open or archived; again answers the same ticket."""
        chat = filed_chat(request, public_id)
        body = valid(ConvertBody, request)
        try:
            ticket, created = convert_to_ticket(
                conversation=chat,
                by=agent_of(request),
                now=timezone.now(),
                email=body.get("email", ""),
                kind=body.get("type", ""),
            )
        except EmailNeeded as error:
            raise serializers.ValidationError({"email": [refusal_text(error)]}) from error
        answer = ConvertedAnswer({"ticket": ticket.number, "status": ticket.status})
        return Response(answer.data, status=201 if created else 200)


class ChatTags(DeskView):
    """`conversations/{id}/tags`."""

    @extend_schema(operation_id="conversation_tags", responses={200: NameAnswer(many=True)})
    def get(self, request: Request, public_id: str) -> Response:
        """Return the tags of a chat."""
        return _tags(visible_chat(request, public_id))

    @extend_schema(
        operation_id="conversation_tags_change",
        request=TagsBody,
        responses={200: NameAnswer(many=True), **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Take tags off a chat and put others on it, all or nothing; new words become tags."""
        chat = filed_chat(request, public_id)
        body = valid(TagsBody, request)
        try:
            change_tags(
                conversation=chat,
                by=agent_of(request),
                now=timezone.now(),
                **body,
            )
        except InvalidTag as error:
            raise serializers.ValidationError({"add": [refusal_text(error)]}) from error
        except TooManyTags as error:
            raise Problem(409, *explain_refusal(error)) from error
        return _tags(chat)


class Spam(DeskView):
    """`conversations/{id}/spam`."""

    @extend_schema(
        operation_id="conversation_spam",
        request=None,
        responses={200: DeskChatAnswer, **problems_of(403, 404)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Mark a chat as spam; it goes to the archive, and stands in no figure."""
        chat = filed_chat(request, public_id)
        mark_spam(conversation=chat, by=agent_of(request), now=timezone.now())
        return fresh(chat)

    @extend_schema(
        operation_id="conversation_spam_clear",
        request=None,
        responses={200: DeskChatAnswer, **problems_of(403, 404)},
    )
    def delete(self, request: Request, public_id: str) -> Response:
        """Take the mark off: the chat is again what it was before."""
        chat = filed_chat(request, public_id)
        clear_spam(conversation=chat, by=agent_of(request), now=timezone.now())
        return fresh(chat)


def _recipient(agent: str | None, team: str | None) -> Agent | Team:
    """Return the one that the body names."""
    if (agent is None) is (team is None):
        raise serializers.ValidationError({"agent": [_("Name an agent or a team.")]})
    found = recipient_agent(agent) if agent is not None else recipient_team(team or "")
    if found is None and agent is not None:
        raise serializers.ValidationError({"agent": [_("There is no such agent.")]})
    if found is None:
        raise serializers.ValidationError({"team": [_("There is no such team.")]})
    return found


def _tags(chat: Conversation) -> Response:
    return Response(NameAnswer(tags_of(chat), many=True).data)
