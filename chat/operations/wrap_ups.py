"""Wrap-ups that last too long give their slots back."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from chat.events.lifecycle import ConversationChanged, SlotFreed
from chat.locks import lock_conversations
from chat.models import Conversation, Entry
from chat.operations.changes import name_agent
from chat.operations.entries import NewLine, append
from config.events import publish


@transaction.atomic
def free_wrap_ups(*, now: datetime, agent_id: int | None = None) -> int:
    """Free the slots of wrap-ups past the cap, or of all wrap-ups of one agent; return how many.

    The chats stay with their agents until a topic is picked.
    """
    cap = now - timedelta(seconds=settings.IMECE["WRAP_UP_SECONDS"])
    wanted = Q(ended_at__lte=cap) if agent_id is None else Q(assignee=agent_id)
    found = Conversation.objects.unresolved().filter(
        wanted, status=Conversation.Status.WRAP_UP, holds_slot=True
    )
    freed = 0
    for chat in lock_conversations(found.values_list("pk", flat=True)):
        if chat.status != Conversation.Status.WRAP_UP or not chat.holds_slot:
            continue
        chat.holds_slot = False
        chat.save(update_fields=["holds_slot"])
        append(chat, _freed_line(chat, because="cap" if agent_id is None else "status"), now=now)
        publish(ConversationChanged.of(chat))
        if chat.assignee_id:
            publish(SlotFreed(agent_id=chat.assignee_id))
        freed += 1
    return freed


def _freed_line(chat: Conversation, *, because: str) -> NewLine:
    status = {"from": str(chat.status), "to": str(chat.status)}
    freed = {"slot": "freed", **name_agent("agent", chat.assignee), "because": because}
    return NewLine(kind=Entry.Kind.STATUS, data=status | freed)
