"""What a notification says."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Agent, Brand, Notice
from automation.models import Delivery, Notification
from automation.notifications.policy import OPENED, SILENT_TEST, WHISPER, sounds, ttl_of
from automation.notifications.push import Push
from chat.models import Conversation, Entry
from chat.queries.people import face_of
from tickets.models import Entry as TicketEntry
from tickets.models import Ticket

# What customers said, by chat and number.
type Lines = Mapping[tuple[int, int], str]

# Letters; a push holds about three thousand bytes.
TEXT_MAX = 400


def push_of(
    delivery: Delivery,
    *,
    lines: Lines,
    withdrawn: tuple[str, ...] = (),
    is_bare: bool = False,
    now: datetime,
) -> Push:
    """Return what the device of a delivery gets; `is_bare` leaves out whatever is long.

    Wants the notification with its chat or ticket, and the device with its agent.
    """
    notification, device = delivery.notification, delivery.device
    chat: Conversation | None = notification.conversation
    title, body = said_of(notification, device.agent, lines, keeps_quiet=True)
    actions = {}
    if notification.notice == Notice.NEW_CHAT and chat and chat.assignee_id is None:
        with translation.override(device.agent.language):
            actions = {"accept": _("Accept"), "decline": _("Decline")}
    left = notification.at + ttl_of(notification.notice) - now
    return Push(
        id=delivery.push,
        device=device.pk,
        notice=notification.notice,
        conversation=chat.public_id if chat else "",
        ticket=str(notification.ticket_id or ""),
        at=notification.at,
        title=title,
        body="" if is_bare else body,
        tag=tag_of(notification),
        url=url_of(notification),
        sounds=sounds(notification.notice) and not notification.key.startswith(SILENT_TEST),
        is_repeat=delivery.begun_at is not None,
        actions=actions,
        withdrawn=() if is_bare else withdrawn,
        seconds=max(1, int(left.total_seconds())),
    )


def tag_of(notification: Notification) -> str:
    """Return the one place that all notifications of a chat or ticket share."""
    if notification.ticket_id is not None:
        return f"t-{notification.ticket_id}"
    if notification.conversation is not None:
        return f"c-{notification.conversation.public_id}"
    return "opened" if notification.key.startswith(OPENED) else "test"


def url_of(notification: Notification) -> str:
    """Return the page that a click opens."""
    if notification.ticket_id is not None:
        return reverse("ticket", args=[notification.ticket_id])
    if notification.conversation is not None:
        return reverse("console-chat", args=[notification.conversation.public_id])
    return reverse("console" if notification.key.startswith(OPENED) else "agents:profile")


def said_of(
    notification: Notification,
    agent: Agent,
    lines: Lines = MappingProxyType({}),
    *,
    keeps_quiet: bool = False,
) -> tuple[str, str]:
    """Return title and words in the agent's language.

    `keeps_quiet`: without words where the brand wants none of them outside the console.
    """
    chat: Conversation | None = notification.conversation
    ticket: Ticket | None = notification.ticket
    with translation.override(agent.language):
        if ticket is not None:
            brand: Brand = ticket.brand
            title, body = _of_ticket(notification, ticket)
        elif chat is not None:
            brand = chat.brand
            title, body = _of_chat(notification, chat, lines)
        elif notification.key.startswith(OPENED):
            return _("A visitor opened the chat window"), notification.body
        elif notification.key.startswith(SILENT_TEST):
            return _("Test of notifications"), _("This one is silent. The next one rings.")
        else:
            return _("Test of notifications"), _("This device rings for live chats.")
    return title, brand.name if keeps_quiet and not brand.notice_words else body[:TEXT_MAX]


def _of_chat(notification: Notification, chat: Conversation, lines: Lines) -> tuple[str, str]:
    if notification.title:
        return notification.title, notification.body
    if notification.notice == Notice.MENTION:
        note = Entry.objects.filter(conversation=chat, seq=notification.seq or 0).first()
        if note is not None and notification.key.startswith(WHISPER):
            return _("%(name)s whispers to you") % {"name": _writer(note)}, note.body
        return _mention(note)
    is_new = notification.notice == Notice.NEW_CHAT
    title = _("New live chat") if is_new else _("A new message came")
    text = _newest_words(chat) if is_new else lines.get((chat.pk, notification.seq or 0))
    return title, f"{face_of(chat).name or _('Customer')}: {text or _('File')}"


def _newest_words(chat: Conversation) -> str | None:
    newest = _said().filter(conversation=chat).order_by("-seq").values_list("body", flat=True)
    return newest.first()


def lines_of(notifications: Iterable[Notification]) -> Lines:
    """Return what customers said of which these notifications tell, in one statement at most."""
    wanted = {
        (each.conversation_id, each.seq)
        for each in notifications
        if each.notice == Notice.MESSAGE and each.conversation_id and each.seq
    }
    if not wanted:
        return {}
    chats, seqs = zip(*wanted, strict=True)
    rows = _said().filter(conversation__in=set(chats), seq__in=set(seqs))
    found = rows.values_list("conversation", "seq", "body")
    return {(chat, seq): body for chat, seq, body in found if (chat, seq) in wanted}


def _said() -> QuerySet[Entry]:
    return Entry.objects.filter(kind=Entry.Kind.MESSAGE, author_kind=Entry.AuthorKind.VISITOR)


def _of_ticket(notification: Notification, ticket: Ticket) -> tuple[str, str]:
    if notification.title:
        return notification.title, notification.body
    number = {"number": ticket.pk}
    line = ticket.entries.filter(seq=notification.seq or 0).select_related("agent").first()
    if notification.notice == Notice.MENTION:
        return _mention(line)
    customer = ticket.contact.name or ticket.address or _("Customer")
    subject = f"{customer}: {ticket.subject}"
    if notification.notice == Notice.TEAM:
        return _("Ticket #%(number)d was given to your team") % number, subject
    match notification.key.partition(":")[0]:
        case "answered":
            words = line.body if line is not None and line.body else ticket.subject
            return _("The customer wrote in ticket #%(number)d") % number, f"{customer}: {words}"
        case "undelivered":
            words = line.body if line is not None else subject
            return _("A reply in ticket #%(number)d did not arrive") % number, words
        case "given":
            return _("Ticket #%(number)d is yours") % number, subject
    return _("New ticket #%(number)d") % number, subject


def _mention(note: Entry | TicketEntry | None) -> tuple[str, str]:
    body = note.body if note is not None else ""
    return _("%(name)s mentioned you") % {"name": _writer(note)}, body


def _writer(note: Entry | TicketEntry | None) -> str:
    return note.agent.name if note is not None and note.agent is not None else ""
