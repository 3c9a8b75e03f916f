"""What the desk sees: every field is named here."""

from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.models import Brand, Status, Topic
from chat.models import CannedReply, Conversation
from config.web.api import Moment, WireTimes
from tickets.models import Contact, Ticket


class NameAnswer(serializers.Serializer[Any]):
    """An id and a name."""

    id = serializers.CharField(source="pk")
    name = serializers.CharField()


class PersonAnswer(serializers.Serializer[Any]):
    """An agent by the opaque id."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class TopicName(serializers.Serializer[Any]):
    """A topic in the reader's language."""

    id = serializers.CharField(source="pk")
    name = serializers.SerializerMethodField()

    def get_name(self, topic: Topic) -> str:
        return topic.label(get_language() or "")


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


class TicketAnswer(WireTimes, serializers.ModelSerializer[Ticket]):
    """A ticket."""

    id = serializers.IntegerField(source="pk")
    brand = NameAnswer()
    contact = serializers.CharField(source="contact_id")
    topic = TopicName(allow_null=True)
    team = NameAnswer(allow_null=True)
    assignee = PersonAnswer(allow_null=True)

    class Meta:
        model = Ticket
        fields = [
            "id",
            "subject",
            "status",
            "priority",
            "source",
            "language",
            "brand",
            "contact",
            "topic",
            "team",
            "assignee",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class TicketEntryAnswer(serializers.Serializer[Any]):
    """One line of a ticket's timeline."""

    seq = serializers.IntegerField()
    kind = serializers.CharField()
    author_kind = serializers.CharField()
    agent = PersonAnswer(allow_null=True)
    text = serializers.CharField(source="body")
    at = Moment(source="created_at")


class ConvertedAnswer(serializers.Serializer[Any]):
    """The ticket that a chat became."""

    ticket = serializers.IntegerField()
    status = serializers.ChoiceField(Ticket.Status.choices)


class OneTicketAnswer(TicketAnswer):
    """A ticket with its timeline."""

    entries = TicketEntryAnswer(many=True)

    class Meta(TicketAnswer.Meta):
        fields = [*TicketAnswer.Meta.fields, "entries"]
        read_only_fields = fields


class ContactAnswer(WireTimes, serializers.ModelSerializer[Contact]):
    """A customer."""

    id = serializers.CharField(source="pk")

    class Meta:
        model = Contact
        fields = ["id", "name", "email", "phone", "is_email_verified", "language", "created_at"]
        read_only_fields = fields


class TopicAnswer(serializers.ModelSerializer[Topic]):
    """A topic with the teams it goes to."""

    id = serializers.CharField(source="pk")
    brand = serializers.CharField(source="brand_id")
    teams = serializers.SerializerMethodField()

    class Meta:
        model = Topic
        fields = ["id", "brand", "name_tr", "name_en", "position", "is_public", "teams"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_teams(self, topic: Topic) -> list[str]:
        return [str(team.pk) for team in topic.teams.all()]


class CannedAnswer(serializers.ModelSerializer[CannedReply]):
    """A canned reply. `own` ones can be changed here, the others in the administration."""

    id = serializers.CharField(source="pk")
    brand = serializers.CharField(source="brand_id", allow_null=True)
    team = serializers.CharField(source="team_id", allow_null=True)
    own = serializers.SerializerMethodField()

    class Meta:
        model = CannedReply
        fields = [
            "id",
            "shortcut",
            "title",
            "body",
            "language",
            "brand",
            "team",
            "own",
            "used_count",
        ]
        read_only_fields = fields

    def get_own(self, reply: CannedReply) -> bool:
        return reply.agent_id is not None


class StatusAnswer(serializers.Serializer[Any]):
    """What the caller is doing."""

    status = serializers.ChoiceField(Status.choices)
    reason = serializers.CharField(allow_null=True)
    since = Moment()


class BrandAnswer(serializers.ModelSerializer[Brand]):
    """A brand that the caller is authorised for."""

    id = serializers.CharField(source="pk")

    class Meta:
        model = Brand
        fields = ["id", "name", "default_language"]
        read_only_fields = fields
