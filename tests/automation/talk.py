"""What customers and rules say to each other, and where the chat stands then."""

from django.utils import timezone

from chat.models import Conversation, ConversationTag, Entry
from chat.posting.messages import Author, Outgoing, post_message
from tests.support.desk import fresh
from tests.support.http import cid

ASK = "Merhaba! Ekibimizin size ulaşabilmesi için önce e-posta adresinizi yazar mısınız?"
AGAIN = "Yazdıklarınızda bir e-posta adresi göremedik. E-posta adresinizi yazar mısınız?"


def said(chat: Conversation) -> list[str]:
    """What rules have said in a chat."""
    lines = Entry.objects.filter(conversation=chat, kind="bot").order_by("seq")
    return list(lines.values_list("body", flat=True))


def say(chat: Conversation, text: str) -> None:
    draft = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), text, cid())
    post_message(draft, now=timezone.now())


def tags(chat: Conversation) -> set[str]:
    found = ConversationTag.objects.filter(conversation=chat)
    return set(found.values_list("tag__name", flat=True))


def state(chat: Conversation) -> str:
    now = fresh(chat)
    return "parked" if now.is_parked else str(now.status)
