"""A brand that mails every chat: when, to whom, and each word once."""

from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from agents.models import Brand
from chat.models import Conversation
from chat.operations.conversations import reopen_conversation, resolve_conversation
from chat.operations.spam import mark_spam
from chat.posting.messages import Author, Outgoing, post_message
from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from tests.support.http import Shop, Widget, cid, make_shop, taken

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop(name="Nimbus", transcripts=Brand.Transcripts.ALWAYS)


def begun(widget: Widget, shop: Shop, email: str = "vera@example.com") -> Conversation:
    """Return a chat that Elif has."""
    fields = {"email": email} if email else {}
    started = widget.start("Where is my order?", fields=fields).json()["id"]
    return taken(Conversation.objects.get(public_id=started), shop.elif_)


def answer(chat: Conversation, shop: Shop, text: str = "It left yesterday.") -> None:
    author = Author.of_agent(shop.elif_)
    post_message(Outgoing(chat.public_id, author, text, cid()), now=timezone.now())


def close(chat: Conversation, shop: Shop) -> None:
    resolve_conversation(conversation=chat, topic=shop.topic, by=shop.elif_, now=timezone.now())
    while drain():
        pass


def mails() -> list[OutboxEntry]:
    return list(OutboxEntry.objects.filter(kind="chat.transcript_mail").order_by("pk"))


def test_a_chat_in_the_archive_is_mailed_and_the_same_words_once(
    shop: Shop, widget: Widget, mailoutbox: list[EmailMessage]
) -> None:
    assert widget.open().json()["config"]["transcripts"] is True
    chat = begun(widget, shop)
    answer(chat, shop)
    assert mails() == []
    close(chat, shop)
    # Opened by mistake, and closed again.
    reopen_conversation(conversation=chat, by=shop.elif_, now=timezone.now())
    close(chat, shop)
    [mail] = mails()
    assert mail.payload["email"] == "vera@example.com"
    assert drain("mail") == 1
    [sent] = mailoutbox
    assert "because you were in a chat with us" in sent.body
    # It went on: what they have is no longer all.
    reopen_conversation(conversation=chat, by=shop.elif_, now=timezone.now())
    answer(chat, shop, "One thing more")
    close(chat, shop)
    assert [each.payload["up_to"] for each in mails()] == sorted(
        {each.payload["up_to"] for each in mails()}
    )
    assert len(mails()) == 2


@pytest.mark.parametrize("why", ["asked only", "no address", "no answer", "spam", "demo"])
def test_nobody_else_is_mailed_unasked(shop: Shop, widget: Widget, why: str) -> None:
    if why == "asked only":
        Brand.objects.update(transcripts=Brand.Transcripts.ON_REQUEST)
    chat = begun(widget, shop, "" if why == "no address" else "vera@example.com")
    Conversation.objects.filter(pk=chat.pk).update(is_demo=why == "demo")
    if why != "no answer":
        answer(chat, shop)
    if why == "spam":
        mark_spam(conversation=chat, by=shop.elif_, now=timezone.now())
    close(chat, shop)
    assert mails() == []


def test_who_gets_many_at_once_gets_the_next_one_later(
    shop: Shop, widget: Widget, settings: Any
) -> None:
    settings.IMECE = settings.IMECE | {"TRANSCRIPTS_PER_EMAIL_PER_HOUR": 1}
    for _ in range(2):
        chat = begun(widget, shop)
        answer(chat, shop)
        close(chat, shop)
    first, second = mails()
    assert first.available_at <= timezone.now() < second.available_at
