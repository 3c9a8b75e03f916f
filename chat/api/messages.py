"""Words and timelines over HTTP, the same for visitors and agents."""

from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from agents.api.throttling import too_many
from chat.models import Conversation, Entry
from chat.operations.starting import InvalidMessage
from chat.operations.transfers import HasEnded
from chat.posting.group_commit import writer
from chat.posting.messages import Outgoing, Posted
from chat.protocol import ATTACHMENTS_MAX, Audience, entry_frame, is_cid, is_id
from chat.refusals import explain_refusal
from config.web.api import StrictSerializer, TextField
from config.web.problems import Problem
from config.wire import wire_time

ENTRIES_MAX = 200


class Cid(TextField):
    """The client's own id of a message: a UUID."""

    def to_internal_value(self, data: Any) -> str:
        if not is_cid(data):
            raise serializers.ValidationError(_("This must be a UUID."))
        # In one spelling: the same id is the same message.
        return str(data).lower()


class MessageText(TextField):
    """What is said: kept exactly as typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            allow_blank=True,
            trim_whitespace=False,
            max_length=settings.IMECE["MESSAGE_MAX_CHARS"],
            **{"default": "", **options},
        )


class _FileId(TextField):
    def to_internal_value(self, data: Any) -> str:
        if not is_id(data):
            raise serializers.ValidationError(_("There is no such file."))
        return str(data)


class FileIds(serializers.ListField):
    """Own uploads that no message has taken."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            child=_FileId(), max_length=ATTACHMENTS_MAX, **{"default": list, **options}
        )


class SendBody(StrictSerializer):
    """A message or a note."""

    cid = Cid()
    text = MessageText()
    attachments = FileIds()


class ReadBody(StrictSerializer):
    """Up to where the caller has read, in the caller's own counter."""

    seq = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class AfterQuery(serializers.Serializer[Any]):
    """Which part of a timeline."""

    after = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=ENTRIES_MAX, default=100)


def send(draft: Outgoing, audience: Audience) -> Response:
    """Store a message by the writer that sockets use; 201 new, 200 repeated."""
    result = writer.submit_and_wait(draft)
    if isinstance(result, Posted):
        answer = {
            "id": result.wire_id(audience),
            "seq": result.number(audience),
            "at": wire_time(result.at),
        }
        return Response(answer, status=200 if result.dup else 201)
    raise _refused(result.code)


def _refused(code: str) -> Exception:
    match code:
        case "forbidden":
            return NotFound()
        case "ended":
            return Problem(409, *explain_refusal(HasEnded()))
        case "invalid":
            return Problem(400, *explain_refusal(InvalidMessage()))
        case "rate":
            return too_many(2)
        case _:
            return Problem(503, "unavailable", _("Please try again in a moment."), retry_after=2)


class Batch(NamedTuple):
    """A part of a timeline as JSON, and how far it goes in the visitor's counter."""

    json: dict[str, Any]
    last_visitor_seq: int


def read_entries(
    conversation: Conversation, *, audience: Audience, after: int, limit: int
) -> Batch:
    """Return a batch of a timeline in the audience's own counter."""
    number = "visitor_seq" if audience == "visitor" else "seq"
    rows: QuerySet[Entry] = Entry.objects.filter(
        **{"conversation": conversation, f"{number}__gt": after}
    ).for_wire()
    found = list(rows.order_by(number)[: limit + 1])
    head = conversation.last_visitor_seq if audience == "visitor" else conversation.last_seq
    if found:
        # Something may have been written between the two reads.
        head = max(head, *(getattr(entry, number) for entry in found))
    given = found[:limit]
    answer = {
        "entries": [entry_frame(entry, audience=audience) for entry in given],
        "head": head,
        "more": len(found) > limit,
    }
    return Batch(answer, max((entry.visitor_seq or 0 for entry in given), default=0))
