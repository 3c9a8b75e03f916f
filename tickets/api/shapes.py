"""Tickets and customers as agents see them: every field is named here."""

from typing import Any

from rest_framework import serializers

from agents.api.shapes import NameAnswer, PersonAnswer, TopicName
from config.web.api import Moment, WireTimes
from tickets.models import Contact, Ticket


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
