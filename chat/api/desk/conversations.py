"""Chats at the desk: find them, take them, finish them."""

from collections.abc import Callable
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import CursorPages, DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.models import Topic
from chat.api.desk.access import answerable_chat, handled_chat, visible_chat, visible_chats
from chat.api.desk.shapes import DeskChatAnswer, OneChatAnswer
from chat.models import Conversation
from chat.operations.assignment import AlreadyTaken, AtCapacity, NotOnline, accept
from chat.operations.conversations import (
    AlreadyOpen,
    AlreadyResolved,
    NotAssigned,
    NotEnded,
    TopicNeeded,
    end_conversation,
    reopen_conversation,
    resolve_conversation,
    set_topic,
)
from chat.operations.offers import decline
from chat.refusals import explain_refusal, refusal_text
from config.text.cleaning import key_of
from config.web.api import StrictSerializer, TextField, valid
from config.web.problems import Problem


class ChatFilter(FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Which chats; nothing else of a chat can be asked for."""

    status = filters.MultipleChoiceFilter(choices=Conversation.Status.choices)
    brand = filters.NumberFilter(field_name="brand", min_value=1, max_value=2**31)
    assignee = filters.CharFilter(
        method="by_assignee", max_length=22, help_text="`me`, `none` or an agent's id"
    )

    class Meta:
        model = Conversation
        fields: list[str] = []

    def by_assignee(
        self, rows: QuerySet[Conversation], name: str, value: str
    ) -> QuerySet[Conversation]:
        """Keep mine, nobody's, or one agent's."""
        if value == "none":
            return rows.filter(assignee=None)
        if value == "me":
            return rows.filter(assignee=agent_of(self.request))
        return rows.filter(assignee__public_id=value)


class ChatPages(CursorPages):
    """Newest first."""

    ordering = ("-created_at", "-pk")


class Conversations(DeskView, generics.ListAPIView[Conversation]):
    """`conversations`."""

    serializer_class = DeskChatAnswer
    pagination_class = ChatPages
    filter_backends = [DjangoFilterBackend]
    filterset_class = ChatFilter
    queryset = Conversation.objects.none()

    def get_queryset(self) -> QuerySet[Conversation]:
        """Return what the caller may see; nothing that rules still run on."""
        held = {"status": Conversation.Status.QUEUED, "held_until__gt": timezone.now()}
        return visible_chats(self.request).exclude(**held, queued_at=None)


class TopicBody(StrictSerializer):
    """What the chat was about."""

    topic = TextField(max_length=20)


class ResolveBody(StrictSerializer):
    """What the chat was about; null, or left out, where its brand asks for no topic."""

    topic = TextField(max_length=20, allow_null=True, default=None)


class OneConversation(DeskView):
    """`conversations/{id}`."""

    @extend_schema(operation_id="conversation", responses={200: OneChatAnswer})
    def get(self, request: Request, public_id: str) -> Response:
        """Return one chat."""
        context = {"access": reach_of(request)}
        return Response(OneChatAnswer(visible_chat(request, public_id), context=context).data)


class Accept(DeskView):
    """`conversations/{id}/accept`."""

    @extend_schema(
        operation_id="conversation_accept",
        request=None,
        responses={200: DeskChatAnswer, **problems_of(403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Take a queued chat; of several at once exactly one gets it."""
        chat = answerable_chat(request, public_id)
        try:
            accept(conversation=chat, agent=agent_of(request), now=timezone.now())
        except (AlreadyTaken, NotOnline, AtCapacity) as error:
            raise Problem(409, *explain_refusal(error)) from error
        return fresh(chat)


class Decline(DeskView):
    """`conversations/{id}/decline`."""

    @extend_schema(
        operation_id="conversation_decline", request=None, responses={200: DeskChatAnswer}
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Let a ringing chat go to the next agent."""
        chat = answerable_chat(request, public_id)
        decline(conversation=chat, agent=agent_of(request), now=timezone.now())
        return fresh(chat)


class End(DeskView):
    """`conversations/{id}/end`."""

    @extend_schema(
        operation_id="conversation_end",
        request=None,
        responses={200: DeskChatAnswer, **problems_of(403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """End a chat that the caller handles; ending an ended one changes nothing."""
        chat = handled_chat(request, public_id)
        try:
            end_conversation(conversation=chat, by=agent_of(request), now=timezone.now())
        except NotAssigned as error:
            raise Problem(409, *explain_refusal(error)) from error
        return fresh(chat)


class Resolve(DeskView):
    """`conversations/{id}/resolve`."""

    @extend_schema(
        operation_id="conversation_resolve",
        request=ResolveBody,
        responses={200: DeskChatAnswer, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Put a chat that the caller handles into the archive; ends it first if need be."""
        return with_topic(request, public_id, do=resolve_conversation, body=ResolveBody)


class SetTopic(DeskView):
    """`conversations/{id}/topic`."""

    @extend_schema(
        operation_id="conversation_topic",
        request=TopicBody,
        responses={200: DeskChatAnswer, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Say what a chat is about; one that waits goes to the queue of the topic's teams."""
        return with_topic(request, public_id, do=set_topic)


def with_topic(
    request: Request,
    public_id: str,
    *,
    do: Callable[..., Any],
    body: type[StrictSerializer] = TopicBody,
) -> Response:
    """`do` it with a chat that the caller handles and the topic that the body names, if it does."""
    chat = handled_chat(request, public_id)
    wished = valid(body, request)["topic"]
    topic = None if wished is None else _topic_of(chat, wished)
    try:
        do(conversation=chat, topic=topic, by=agent_of(request), now=timezone.now())
    except TopicNeeded as error:
        raise serializers.ValidationError({"topic": [refusal_text(error)]}) from error
    except (NotAssigned, AlreadyResolved) as error:
        raise Problem(409, *explain_refusal(error)) from error
    return fresh(chat)


class Reopen(DeskView):
    """`conversations/{id}/reopen`."""

    @extend_schema(
        operation_id="conversation_reopen",
        request=None,
        responses={200: DeskChatAnswer, **problems_of(403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Go on with an ended chat; it becomes the caller's."""
        chat = answerable_chat(request, public_id)
        try:
            reopen_conversation(conversation=chat, by=agent_of(request), now=timezone.now())
        except (NotEnded, AlreadyOpen, NotOnline, AtCapacity) as error:
            raise Problem(409, *explain_refusal(error)) from error
        return fresh(chat)


def _topic_of(chat: Conversation, wished: str) -> Topic:
    topics = Topic.objects.filter(brand=chat.brand_id, is_active=True)
    if topic := topics.filter(pk=key_of(wished)).first():
        return topic
    raise serializers.ValidationError({"topic": [_("There is no such topic.")]})


def fresh(chat: Conversation) -> Response:
    """Answer with the chat as it stands after the operation."""
    rows = Conversation.objects.select_related(
        "brand", "topic", "chosen_topic", "team", "assignee", "visitor"
    )
    return shown(rows.get(pk=chat.pk))


def shown(chat: Conversation) -> Response:
    """Answer with a chat as it is loaded."""
    return Response(DeskChatAnswer(chat).data)
