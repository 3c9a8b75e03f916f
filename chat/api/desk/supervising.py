"""Supervisors in chats that others have: watch, join, leave, take over."""

from collections.abc import Callable

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from chat.api.desk.access import visible_chat
from chat.api.desk.conversations import fresh, shown
from chat.api.desk.messages import note_reading
from chat.api.desk.shapes import DeskChatAnswer
from chat.models import Conversation
from chat.operations.joining import join, leave, take_over
from chat.refusals import SUPERVISING_REFUSALS, explain_refusal
from chat.rights import NotAuthorised, supervises, takes_part
from config.web.problems import Problem


class Watch(DeskView):
    """`conversations/{id}/watch`."""

    @extend_schema(
        operation_id="conversation_watch",
        request=None,
        responses={200: DeskChatAnswer, **problems_of(403, 404)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Note in the audit log that the caller looks at a chat; its visitor sees nothing."""
        chat = visible_chat(request, public_id)
        access = reach_of(request)
        if not (takes_part(access, chat) or supervises(access, chat)):
            raise NotAuthorised
        note_reading(request, chat)
        return shown(chat)


class Join(DeskView):
    """`conversations/{id}/join`."""

    @extend_schema(
        operation_id="conversation_join",
        request=None,
        responses={200: DeskChatAnswer, **problems_of(403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Take part, named to the visitor, in a chat that another agent has and keeps."""
        return _act(request, public_id, join)


class Leave(DeskView):
    """`conversations/{id}/leave`."""

    @extend_schema(
        operation_id="conversation_leave",
        request=None,
        responses={200: DeskChatAnswer, **problems_of(404)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Take part no longer in a chat that the caller joined."""
        return _act(request, public_id, leave)


class TakeOver(DeskView):
    """`conversations/{id}/take-over`."""

    @extend_schema(
        operation_id="conversation_take_over",
        request=None,
        responses={200: DeskChatAnswer, **problems_of(403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Take a chat from the agent who has it."""
        return _act(request, public_id, take_over)


def _act(request: Request, public_id: str, do: Callable[..., Conversation]) -> Response:
    """`do` it with a chat that the caller sees."""
    chat = visible_chat(request, public_id)
    try:
        do(conversation=chat, by=agent_of(request), now=timezone.now())
    except SUPERVISING_REFUSALS as error:
        raise Problem(409, *explain_refusal(error)) from error
    return fresh(chat)
