"""What is sent to the ticket desk's calls."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.models import Agent, Team, Topic
from agents.models.tag import NAME_MAX
from config.text.cleaning import key_of
from config.web.api import Email, LineField, StrictSerializer, TextField
from tickets.models import Ticket
from tickets.operations.many import MANY_MAX
from tickets.operations.replies import CC_MAX, FILES_MAX
from tickets.operations.tags import TAGS_MAX
from tickets.operations.tickets import SUBJECT_MAX
from tickets.queries.ticket_list import Folder, day_of

_ID_MAX = 40


class TicketQuery(serializers.Serializer[Any]):
    """Which tickets."""

    folder = serializers.ChoiceField(Folder.choices, default=Folder.ALL)
    status = serializers.MultipleChoiceField(choices=Ticket.Status.choices, required=False)
    brand = serializers.IntegerField(min_value=1, max_value=2**31, required=False)
    team = serializers.CharField(max_length=20, required=False)
    agent = serializers.CharField(max_length=40, required=False)
    topic = serializers.CharField(max_length=20, required=False)
    tag = serializers.CharField(max_length=NAME_MAX, required=False)
    type = serializers.ChoiceField(Ticket.Type.choices, required=False)
    priority = serializers.ChoiceField(Ticket.Priority.choices, required=False)
    spam = serializers.BooleanField(required=False, default=False)
    to = serializers.CharField(max_length=10, required=False)
    q = serializers.CharField(max_length=200, required=False)

    def get_fields(self) -> Any:
        """Add those whose names Python and the framework keep for themselves."""
        return super().get_fields() | {
            "from": serializers.CharField(max_length=10, required=False),
            "source": serializers.ChoiceField(Ticket.Source.choices, required=False),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is no day."""
        for name in ("from", "to"):
            if attrs.get(name) and day_of(attrs[name]) is None:
                raise serializers.ValidationError({name: [_("This must be a day: 2026-11-29.")]})
        return attrs


@extend_schema_field(OpenApiTypes.STR)
class _Row(serializers.Field[Any, Any, Any, Any]):
    """The id of a row, or null for none."""

    def __init__(self, model: Any, field: str = "pk") -> None:
        super().__init__(required=False, allow_null=True)
        self.model, self.field = model, field

    def to_internal_value(self, data: Any) -> Any:
        row = None
        if isinstance(data, str) and len(data) <= _ID_MAX and "\0" not in data:
            key = key_of(data) if self.field == "pk" else data
            row = self.model.objects.filter(**{self.field: key}).first()
        if row is None:
            raise serializers.ValidationError(_("There is none with this id."))
        return row


class TagNames(serializers.ListField):
    """Words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=TextField(max_length=NAME_MAX), max_length=TAGS_MAX, **options)


class ChangeBody(StrictSerializer):
    """Other properties of a ticket; `tags` replaces all of them."""

    subject = LineField(max_length=SUBJECT_MAX, required=False)
    status = serializers.ChoiceField(Ticket.Status.choices, required=False)
    priority = serializers.ChoiceField(Ticket.Priority.choices, required=False)
    type = serializers.ChoiceField(Ticket.Type.choices, required=False)
    topic = _Row(Topic)
    team = _Row(Team)
    assignee = _Row(Agent, "public_id")
    tags = TagNames(required=False)
    spam = serializers.BooleanField(required=False)


class ManyBody(StrictSerializer):
    """One change to many tickets; `tag` is added to theirs."""

    tickets = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62),
        min_length=1,
        max_length=MANY_MAX,
    )
    status = serializers.ChoiceField(Ticket.Status.choices, required=False)
    priority = serializers.ChoiceField(Ticket.Priority.choices, required=False)
    team = _Row(Team)
    assignee = _Row(Agent, "public_id")
    tag = TextField(max_length=NAME_MAX, required=False)
    spam = serializers.BooleanField(required=False)


class OpenBody(StrictSerializer):
    """A new ticket. Without `brand`: the only one that the caller reaches."""

    brand = TextField(max_length=20, required=False)
    subject = LineField(max_length=SUBJECT_MAX)
    text = TextField(max_length=10_000, trim_whitespace=False)
    name = LineField(max_length=120, required=False, allow_blank=True, default="")
    email = Email(max_length=254, required=False, default="")
    phone = LineField(max_length=32, required=False, allow_blank=True, default="")
    topic = _Row(Topic)
    type = serializers.ChoiceField(Ticket.Type.choices, default=Ticket.Type.REQUEST)
    priority = serializers.ChoiceField(Ticket.Priority.choices, default=Ticket.Priority.NORMAL)

    def get_fields(self) -> Any:
        """Add the one whose name the framework keeps for itself."""
        source = serializers.ChoiceField(Ticket.Source.choices, default=Ticket.Source.API)
        return super().get_fields() | {"source": source}


class SayBody(StrictSerializer):
    """A reply or a note. The same `cid` again is the same line."""

    cid = serializers.UUIDField()
    text = TextField(allow_blank=True, trim_whitespace=False, default="")
    attachments = serializers.ListField(
        child=TextField(max_length=22), max_length=FILES_MAX, default=list
    )
    status = serializers.ChoiceField(Ticket.Status.choices, required=False, default="")

    def validate_text(self, text: str) -> str:
        """Refuse what is longer than any line."""
        most = settings.IMECE["MESSAGE_MAX_CHARS"]
        if len(text) > most:
            raise serializers.ValidationError(_("At most {n} characters.").format(n=most))
        return text


class ReplyBody(SayBody):
    """A public reply, and to whom it is mailed: without `to` to the customer, or where the mail
    that opened the ticket wants answers.

    Copies go to `cc` from then on; without it to whom they went before.
    """

    to = Email(max_length=254, required=False, default="")
    cc = serializers.ListField(child=Email(max_length=254), max_length=CC_MAX, required=False)


class BlockBody(StrictSerializer):
    """Why a sender is blocked."""

    reason = LineField(max_length=200, required=False, allow_blank=True, default="")


class SeqBody(StrictSerializer):
    """One line of the ticket."""

    seq = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class AddressBody(StrictSerializer):
    """An address that is right."""

    address = Email(max_length=254)


class AfterQuery(serializers.Serializer[Any]):
    """Which part of a timeline."""

    after = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=200, default=100)
