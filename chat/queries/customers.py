"""What live support tells of a customer: their chats."""

from collections.abc import Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language

from agents.access import Access
from chat.models import Conversation, Visitor
from tickets.queries.timeline import Before, Happening, Kind


def chats_of_customer(
    access: Access, contact_id: int, before: Before | None, wanted: int
) -> Sequence[Happening]:
    """Return a customer's chats that the agent may see, the newest first."""
    browsers = Visitor.objects.filter(contact=contact_id).values("pk")
    found = Conversation.objects.visible_to(access).filter(
        Q(contact=contact_id) | Q(visitor__in=browsers)
    )
    if before:
        found = found.filter(before.within(Kind.CHAT, "created_at"))
    language = get_language() or ""
    rows = found.select_related("topic", "brand", "assignee", "resolved_by")
    return [_told(chat, language) for chat in rows.order_by("-created_at", "-pk")[:wanted]]


def _told(chat: Conversation, language: str) -> Happening:
    topic = chat.topic.label(language) if chat.topic else chat.topic_text
    by = chat.assignee or chat.resolved_by
    is_done = chat.status == Conversation.Status.RESOLVED
    return Happening(
        kind=Kind.CHAT,
        pk=chat.pk,
        id=chat.public_id,
        at=chat.created_at,
        title=topic or chat.preview,
        status=chat.status,
        label=str(chat.get_status_display()),
        brand=chat.brand.name,
        by=by.name if by else "",
        rating=chat.rating,
        url=reverse("console-archived" if is_done else "console-chat", args=[chat.public_id]),
    )
