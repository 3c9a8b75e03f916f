"""What the desk sees of chats: every field is named here."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.api.shapes import NameAnswer, PersonAnswer, TopicName
from agents.models import Status
from chat.models import Conversation, Participation
from chat.queries.linking import link_of, suggestions_of
from config.web.api import Moment, WireTimes
from tickets.api.shapes import SuggestionAnswer
from tickets.models import Ticket


class VisitorAnswer(serializers.Serializer[Any]):
    """The person on the other side, as far as they told."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    # Who the brand's own server says it is; "" for everybody else, and what of the above it signed.
    external_id = serializers.CharField()
    verified = serializers.ListField(child=serializers.CharField())
    language = serializers.CharField()
    device = serializers.CharField()
    visits = serializers.IntegerField()


class DeskChatAnswer(WireTimes, serializers.ModelSerializer[Conversation]):
    """A chat as agents see it."""

    id = serializers.CharField(source="public_id")
    brand = NameAnswer()
    topic = TopicName(allow_null=True)
    chosen_topic = TopicName(allow_null=True)
    team = NameAnswer(allow_null=True)
    assignee = PersonAnswer(allow_null=True)
    visitor = VisitorAnswer(allow_null=True)
    contact = serializers.CharField(source="contact_id", allow_null=True)
    ticket = serializers.IntegerField(source="ticket_id", allow_null=True)
    head = serializers.IntegerField(source="last_seq")

    class Meta:
        model = Conversation
        fields = [
            "id",
            "kind",
            "status",
            "outcome",
            "brand",
            "channel",
            "language",
            "topic",
            "chosen_topic",
            "topic_text",
            "team",
            "assignee",
            "visitor",
            "contact",
            "ticket",
            "rating",
            "fields",
            "page",
            "head",
            "preview",
            "preview_author",
            "last_message_at",
            "unanswered_since",
            "created_at",
            "queued_at",
            "accepted_at",
            "ended_at",
            "resolved_at",
        ]
        read_only_fields = fields


class OneChatAnswer(DeskChatAnswer):
    """A chat, who its visitor may be, and who takes part beside its agent."""

    suggestions = serializers.SerializerMethodField()
    joined = serializers.SerializerMethodField()

    class Meta(DeskChatAnswer.Meta):
        fields = [*DeskChatAnswer.Meta.fields, "suggestions", "joined"]
        read_only_fields = fields

    @extend_schema_field(SuggestionAnswer(many=True))
    def get_suggestions(self, chat: Conversation) -> Any:
        found = () if link_of(chat) else suggestions_of(self.context["access"], chat)
        return SuggestionAnswer(found, many=True).data

    @extend_schema_field(PersonAnswer(many=True))
    def get_joined(self, chat: Conversation) -> Any:
        parts = Participation.objects.taking_part().filter(conversation=chat)
        agents = [part.agent for part in parts.select_related("agent").order_by("joined_at", "pk")]
        return PersonAnswer(agents, many=True).data


class ConvertedAnswer(serializers.Serializer[Any]):
    """The ticket that a chat became."""

    ticket = serializers.IntegerField()
    status = serializers.ChoiceField(Ticket.Status.choices)


class StatusAnswer(serializers.Serializer[Any]):
    """What the caller is doing."""

    status = serializers.ChoiceField(Status.choices)
    reason = serializers.CharField(allow_null=True)
    since = Moment()
