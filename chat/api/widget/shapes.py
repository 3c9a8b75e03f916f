"""What a visitor sees of a chat, and the answers of the widget's calls for the schema."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers

from chat.api.answers import AuthorAnswer
from chat.models import Conversation, Entry, Visitor
from chat.operations.ratings import is_rateable
from chat.rights.visitors import own_chats, public_agent
from chat.routing.shown import shown_form, shown_place
from config.wire import wire_time

# The visitor's own chats that a list shows.
_LISTED = 50


def chats_of(visitor: Visitor) -> QuerySet[Conversation]:
    """Return a visitor's chats, newest first, with what the list shows of each."""
    said = Entry.objects.filter(
        conversation=OuterRef("pk"),
        visitor_seq__isnull=False,
        kind__in=[Entry.Kind.MESSAGE, Entry.Kind.BOT],
    ).order_by("-visitor_seq")
    rated = Entry.objects.filter(conversation=OuterRef("pk"), kind=Entry.Kind.RATED)
    return (
        own_chats(visitor)
        .select_related("topic", "assignee", "ticket")
        .annotate(
            said=Subquery(said.values("body")[:1]),
            rated=Subquery(rated.order_by("-seq").values("data")[:1]),
        )
        .order_by("-created_at", "-pk")
    )


def listed_json(visitor: Visitor | None) -> list[dict[str, Any]]:
    """Return the visitor's newest chats; none for somebody we don't know yet."""
    if visitor is None:
        return []
    return [conversation_json(each, visitor.language) for each in chats_of(visitor)[:_LISTED]]


def open_conversation_json(visitor: Visitor | None) -> dict[str, Any] | None:
    """Return the visitor's open chat, if there is one."""
    if visitor is None:
        return None
    # Most have none, and asking so costs a fraction.
    its = own_chats(visitor)
    for pk in its.filter(status__in=Conversation.OPEN).values_list("pk", flat=True)[:1]:
        return conversation_json(chats_of(visitor).get(pk=pk), visitor.language)
    return None


def one_conversation_json(conversation: Conversation) -> dict[str, Any]:
    """Return a chat whose row was fetched without what the list shows."""
    visitor = conversation.visitor
    if visitor is None:
        raise ValueError("a visitor sees only their own chats")
    # It may be gone by now: demo data that was purged.
    found = get_object_or_404(chats_of(visitor), pk=conversation.pk)
    return conversation_json(found, visitor.language)


def conversation_json(conversation: Any, language: str) -> dict[str, Any]:
    """Return a chat of `chats_of()` as its visitor sees it."""
    now = timezone.now()
    position, eta = shown_place(conversation, now=now)
    topic, agent = conversation.topic, conversation.assignee
    return {
        "id": conversation.public_id,
        "status": conversation.status,
        "is_open": conversation.is_open,
        "topic": {"id": str(topic.pk), "name": topic.label(language)}
        if topic and topic.is_public
        else None,
        "topic_text": conversation.topic_text,
        "agent": {"kind": "agent", **public_agent(agent)} if agent else None,
        "position": position,
        "eta": eta,
        "form": shown_form(conversation),
        "head": conversation.last_visitor_seq,
        "read": conversation.visitor_read_seq,
        "agents_read": conversation.agents_read_seq,
        "agents_delivered": conversation.agents_delivered_seq,
        "preview": " ".join((conversation.said or "")[:280].split())[:140],
        "rating": conversation.rated["score"] if conversation.rated else None,
        "rating_comment": conversation.rated["comment"] if conversation.rated else "",
        "can_rate": is_rateable(conversation, now=now),
        "add_until": _add_until(conversation, now=now),
        "ticket": conversation.ticket_id and str(conversation.ticket_id),
        "started_at": wire_time(conversation.created_at),
        "ended_at": wire_time(conversation.ended_at) if conversation.ended_at else None,
    }


def _add_until(conversation: Conversation, *, now: datetime) -> str | None:
    """Return until when the visitor may still write in an ended chat; None if no more."""
    if conversation.ended_at is None or conversation.outcome == Conversation.Outcome.SPAM:
        return None
    until = conversation.ended_at + timedelta(hours=settings.IMECE["REOPEN_HOURS"])
    return wire_time(until) if until > now else None


# For the schema only.


class AgentAnswer(AuthorAnswer):
    """The agent of a chat."""

    status = serializers.ChoiceField(["online", "break", "offline"])


class TopicRef(serializers.Serializer[Any]):
    """A topic."""

    id = serializers.CharField()
    name = serializers.CharField()


class ChatAnswer(serializers.Serializer[Any]):
    """A chat as its visitor sees it."""

    id = serializers.CharField()
    status = serializers.ChoiceField(Conversation.Status.choices)
    is_open = serializers.BooleanField()
    topic = TopicRef(allow_null=True)
    topic_text = serializers.CharField()
    agent = AgentAnswer(allow_null=True)
    position = serializers.IntegerField(allow_null=True)
    eta = serializers.JSONField(allow_null=True)
    form = serializers.ChoiceField(Conversation.Form.choices, allow_null=True)
    head = serializers.IntegerField()
    read = serializers.IntegerField()
    agents_read = serializers.IntegerField()
    agents_delivered = serializers.IntegerField()
    preview = serializers.CharField()
    rating = serializers.IntegerField(allow_null=True)
    rating_comment = serializers.CharField(allow_blank=True)
    can_rate = serializers.BooleanField()
    add_until = serializers.DateTimeField(allow_null=True)
    ticket = serializers.CharField(allow_null=True)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ChatsAnswer(serializers.Serializer[Any]):
    """Past and open chats, newest first."""

    conversations = ChatAnswer(many=True)


class PlaceAnswer(serializers.Serializer[Any]):
    """A started chat."""

    id = serializers.CharField()
    status = serializers.ChoiceField(Conversation.Status.choices)
    position = serializers.IntegerField(allow_null=True)
    eta = serializers.JSONField(allow_null=True)


class SaysAnswer(serializers.Serializer[Any]):
    """When it opens, as a sentence in each language."""

    tr = serializers.CharField()
    en = serializers.CharField()


class AvailabilityTopic(TopicRef):
    """A topic and what a chat about it meets."""

    state = serializers.ChoiceField(["online", "busy", "offline"])
    eta = serializers.JSONField(allow_null=True)
    says = SaysAnswer(required=False)


class AvailabilityAnswer(serializers.Serializer[Any]):
    """What a visitor can expect now."""

    state = serializers.ChoiceField(["online", "busy", "offline"])
    topics = AvailabilityTopic(many=True)
    reason = serializers.ChoiceField(["hours", "nobody", "full"], allow_null=True)
    opens_at = serializers.DateTimeField(allow_null=True)
    says = SaysAnswer(allow_null=True)


class SessionAnswer(serializers.Serializer[Any]):
    """A session. `visitor`, the long-lived secret, is there only when it is new; `identity`, to be
    presented at the next renewal, only until there is a row; `fields` need not be asked for."""

    visitor = serializers.CharField(required=False)
    identity = serializers.CharField(required=False)
    token = serializers.CharField()
    expires_in = serializers.IntegerField()
    config = serializers.JSONField()
    availability = AvailabilityAnswer()
    conversation = ChatAnswer(allow_null=True)
    fields = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]  # the wire's name


class OfflineAnswer(serializers.Serializer[Any]):
    """The ticket that an offline message became."""

    ticket = serializers.IntegerField()
    reply = serializers.CharField(required=False)
