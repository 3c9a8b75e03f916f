"""Who looks at chats that are not theirs."""

from collections.abc import Iterable

from django.db import transaction

from agents.audit import record
from agents.models import Agent
from chat.models import Conversation


@transaction.atomic
def note_watching(*, conversation_ids: Iterable[int], by: Agent, address: str | None) -> None:
    """Write in the audit log that `by` watches these chats without taking part in them."""
    for chat in Conversation.objects.filter(pk__in=conversation_ids).order_by("pk"):
        record("conversation.watched", chat, by=by, address=address)
