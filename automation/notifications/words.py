"""What a notification says."""

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Notice
from automation.models import Delivery
from automation.notifications.policy import SILENT_TEST, sounds, ttl_of
from automation.notifications.push import Push
from chat.models import Conversation, Entry
from chat.queries.people import face_of

# Letters; a push holds about three thousand bytes.
TEXT_MAX = 400


def push_of(
    delivery: Delivery, *, withdrawn: tuple[str, ...] = (), is_bare: bool = False, now: datetime
) -> Push:
    """Return what the device of a delivery gets; `is_bare` leaves out whatever is long.

    Wants the notification with its chat, and the device with its agent.
    """
    notification, device = delivery.notification, delivery.device
    chat: Conversation | None = notification.conversation
    with translation.override(device.agent.language):
        title, body = _said(delivery, chat)
        actions = {}
        if notification.notice == Notice.NEW_CHAT and chat and chat.assignee_id is None:
            actions = {"accept": _("Accept"), "decline": _("Decline")}
    left = notification.at + ttl_of(notification.notice) - now
    return Push(
        id=delivery.push,
        device=device.pk,
        notice=notification.notice,
        conversation=chat.public_id if chat else "",
        at=notification.at,
        title=title,
        body="" if is_bare else body,
        tag=tag_of(chat),
        url=reverse("console-chat", args=[chat.public_id]) if chat else reverse("agents:profile"),
        sounds=sounds(notification.notice) and not notification.key.startswith(SILENT_TEST),
        is_repeat=delivery.begun_at is not None,
        actions=actions,
        withdrawn=() if is_bare else withdrawn,
        seconds=max(1, int(left.total_seconds())),
    )


def tag_of(chat: Conversation | None) -> str:
    """Return the one place that all notifications of a chat share."""
    return f"c-{chat.public_id}" if chat else "test"


def _said(delivery: Delivery, chat: Conversation | None) -> tuple[str, str]:
    notification = delivery.notification
    if chat is None:
        if notification.key.startswith(SILENT_TEST):
            return _("Test of notifications"), _("This one is silent. The next one rings.")
        return _("Test of notifications"), _("This device rings for live chats.")
    is_new = notification.notice == Notice.NEW_CHAT
    title = _("New live chat") if is_new else _("A new message came")
    if not chat.brand.notice_words:
        return title, chat.brand.name
    text = _words(chat, notification.seq, is_new=is_new)
    return title, f"{face_of(chat).name or _('Customer')}: {text}"


def _words(chat: Conversation, seq: int | None, *, is_new: bool) -> str:
    said = Entry.objects.filter(conversation=chat, author_kind=Entry.AuthorKind.VISITOR)
    said = said.filter(kind=Entry.Kind.MESSAGE)
    found = said.order_by("-seq").first() if is_new else said.filter(seq=seq).first()
    return found.body[:TEXT_MAX] if found and found.body else _("File")
