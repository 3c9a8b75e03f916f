"""Tickets and customers as agents see them: every field is named here."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.api.files import FileAnswer
from agents.api.shapes import NameAnswer, PersonAnswer, TopicName
from config.web.api import Moment, WireTimes
from tickets.mail.words import reason
from tickets.models import Contact, Delivery, Entry, Identity, Ticket
from tickets.queries.customers import email_known, phone_known
from tickets.queries.likeness import others_like
from tickets.queries.timeline import Kind, timeline_of

# What somebody outside need not tell apart.
_ON_ITS_WAY = (Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.RETRY)


class RequesterAnswer(serializers.Serializer[Any]):
    """Whose ticket it is."""

    contact = serializers.CharField(source="contact_id")
    name = serializers.CharField(source="contact.name")
    email = serializers.SerializerMethodField()

    def get_email(self, ticket: Ticket) -> str | None:
        return ticket.address or None


class SuggestionAnswer(serializers.Serializer[Any]):
    """A customer who is known by the same address or number: perhaps the same person."""

    contact = serializers.CharField(source="contact.pk")
    name = serializers.CharField(source="contact.name")
    because = serializers.ChoiceField([Identity.Kind.EMAIL, Identity.Kind.PHONE])


class TicketAnswer(WireTimes, serializers.ModelSerializer[Ticket]):
    """A ticket. `head` is the number of its newest line; `likes` of the context are by customer."""

    number = serializers.IntegerField(source="pk")
    brand = NameAnswer()
    topic = TopicName(allow_null=True)
    team = NameAnswer(allow_null=True)
    assignee = PersonAnswer(allow_null=True)
    requester = RequesterAnswer(source="*")
    cc = serializers.ListField(child=serializers.CharField())
    tags = serializers.SerializerMethodField()
    spam = serializers.BooleanField(source="is_spam")
    conversations = serializers.SerializerMethodField()
    suggestions = serializers.SerializerMethodField()
    head = serializers.IntegerField(source="last_seq")

    class Meta:
        model = Ticket
        fields = [
            *("number", "subject", "status", "type", "priority", "brand", "topic", "team"),
            *("assignee", "requester", "cc", "tags", "source", "language", "spam"),
            *("conversations", "head", "suggestions", "created_at", "updated_at"),
        ]
        read_only_fields = fields

    def get_tags(self, ticket: Ticket) -> list[str]:
        return [tag.name for tag in ticket.tags.all()]

    def get_conversations(self, ticket: Ticket) -> list[str]:
        chat = str(ticket.data.get("conversation") or "")
        return [chat] if chat else []

    @extend_schema_field(SuggestionAnswer(many=True))
    def get_suggestions(self, ticket: Ticket) -> Any:
        found = self.context["likes"].get(ticket.contact_id, ())
        return SuggestionAnswer(found, many=True).data


class DeliveryAnswer(serializers.Serializer[Any]):
    """What became of a mail to one address."""

    address = serializers.CharField()
    state = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()

    def get_state(self, delivery: Delivery) -> str:
        is_on_its_way = delivery.state in _ON_ITS_WAY
        return str(Delivery.State.QUEUED if is_on_its_way else delivery.state)

    def get_reason(self, delivery: Delivery) -> str:
        return reason(delivery.code)


class TicketAuthorAnswer(serializers.Serializer[Any]):
    """Who said or did something; an agent by the opaque id."""

    kind = serializers.ChoiceField(Entry.AuthorKind.choices)
    id = serializers.CharField()
    name = serializers.CharField()


class TicketEntryAnswer(serializers.Serializer[Any]):
    """One line of a ticket's timeline. `data` names both sides of a change."""

    id = serializers.CharField(source="pk")
    seq = serializers.IntegerField()
    kind = serializers.ChoiceField(Entry.Kind.choices)
    author = serializers.SerializerMethodField()
    text = serializers.CharField(source="body")
    to = serializers.SerializerMethodField()
    cc = serializers.SerializerMethodField()
    attachments = serializers.SerializerMethodField()
    delivery = DeliveryAnswer(source="deliveries", many=True)
    at = Moment(source="created_at")

    def get_fields(self) -> Any:
        """Add the one whose name the framework keeps for itself."""
        return super().get_fields() | {"data": serializers.SerializerMethodField()}

    @extend_schema_field(TicketAuthorAnswer)
    def get_author(self, entry: Entry) -> dict[str, Any]:
        agent = entry.agent
        is_customers = entry.author_kind == Entry.AuthorKind.CUSTOMER
        rules = str(entry.data.get("rule", {}).get("name", ""))
        name = agent.name if agent else entry.ticket.contact.name if is_customers else rules
        return {
            "kind": entry.author_kind,
            "id": agent.public_id if agent else "",
            "name": name,
        }

    def get_to(self, entry: Entry) -> str:
        is_said = entry.kind == Entry.Kind.MESSAGE
        return str(entry.data.get("to", "")) if is_said else ""

    def get_cc(self, entry: Entry) -> list[str]:
        return [str(each) for each in entry.data.get("cc", ())]

    @extend_schema_field(FileAnswer(many=True))
    def get_attachments(self, entry: Entry) -> list[dict[str, Any]]:
        return [file for file in entry.data.get("files", ()) if file.get("id")]

    def get_data(self, entry: Entry) -> dict[str, Any]:
        hidden = {"files"}
        if entry.kind == Entry.Kind.MESSAGE:
            hidden |= {"to", "cc", "cc_before", "cc_seq", "status_before", "status_seq"}
        return {name: value for name, value in entry.data.items() if name not in hidden}


class TicketEntriesAnswer(serializers.Serializer[Any]):
    """A batch of a timeline."""

    entries = TicketEntryAnswer(many=True)
    head = serializers.IntegerField()
    more = serializers.BooleanField()


class SaidAnswer(serializers.Serializer[Any]):
    """A stored line."""

    id = serializers.CharField(source="pk")
    seq = serializers.IntegerField()
    at = Moment(source="created_at")


class UnsaidAnswer(serializers.Serializer[Any]):
    """A reply that was taken back."""

    text = serializers.CharField()
    to = serializers.CharField()
    cc = serializers.ListField(child=serializers.CharField())
    attachments = FileAnswer(many=True, source="files")


class IdentityAnswer(WireTimes, serializers.ModelSerializer[Identity]):
    """By what a customer is known, spelled as it is compared."""

    id = serializers.CharField(source="pk")
    verified = serializers.BooleanField(source="is_verified")
    linked = serializers.SerializerMethodField()

    class Meta:
        model = Identity
        fields = ["id", "kind", "value", "verified", "linked"]
        read_only_fields = fields

    def get_linked(self, identity: Identity) -> bool:
        return identity.is_linked


class HeldAnswer(serializers.Serializer[Any]):
    """How many mails that were held back are on their way."""

    sent = serializers.IntegerField()


class HappeningAnswer(serializers.Serializer[Any]):
    """A chat, a ticket, a note about a customer or what was corrected; of the last two the title is
    their text."""

    kind = serializers.ChoiceField([each.value for each in Kind])
    id = serializers.CharField()
    at = Moment()
    title = serializers.CharField()
    status = serializers.CharField()
    rating = serializers.IntegerField(allow_null=True)


class ContactAnswer(WireTimes, serializers.ModelSerializer[Contact]):
    """A customer."""

    id = serializers.CharField(source="pk")
    email = serializers.SerializerMethodField()
    phone = serializers.SerializerMethodField()
    identities = IdentityAnswer(many=True)

    class Meta:
        model = Contact
        fields = [
            *("id", "name", "email", "phone", "is_email_verified", "identities", "language"),
            "created_at",
        ]
        read_only_fields = fields

    def get_email(self, contact: Contact) -> str:
        return email_known(self.context["access"], contact)

    def get_phone(self, contact: Contact) -> str:
        return phone_known(self.context["access"], contact)


class OneContactAnswer(ContactAnswer):
    """A customer, and what happened with them that the caller may see, newest first."""

    timeline = serializers.SerializerMethodField()
    suggestions = serializers.SerializerMethodField()

    class Meta(ContactAnswer.Meta):
        fields = [*ContactAnswer.Meta.fields, "suggestions", "timeline"]
        read_only_fields = fields

    @extend_schema_field(HappeningAnswer(many=True))
    def get_timeline(self, contact: Contact) -> Any:
        page = timeline_of(self.context["access"], contact.pk)
        return HappeningAnswer(page.rows, many=True).data

    @extend_schema_field(SuggestionAnswer(many=True))
    def get_suggestions(self, contact: Contact) -> Any:
        found = others_like(self.context["access"], [contact.pk]).get(contact.pk, ())
        return SuggestionAnswer(found, many=True).data


class MergedAnswer(serializers.Serializer[Any]):
    """A merge; `undo` is its id, for a day."""

    undo = serializers.CharField(source="pk")


class NoteAnswer(serializers.Serializer[Any]):
    """A stored note."""

    id = serializers.CharField(source="pk")
    at = Moment(source="created_at")
