"""Answers by mail to the mail with unread answers: said in the chat, once, and by nobody else."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from chat import answering
from chat.answering import parted
from chat.models import Conversation, Visitor
from chat.operations.conversations import end_conversation, resolve_conversation
from config.outbox.operations import drain
from config.web.rate_limits import Limit
from tests.support.answers import later, plain, put_back, says
from tests.support.factories import make_brand, make_topic
from tests.support.http import Shop, picture
from tests.support.mail import Smtp
from tests.tickets.mail.samples import take_in, written
from tickets.mail.inbound import ingest
from tickets.models import Mailbox, RawMail, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(shop: Shop) -> Mailbox:
    """The shop's mailbox, from which mail is fetched."""
    own = Mailbox.objects.get(brand=shop.brand)
    own.imap_host = "imap.nimbus.example"
    own.save(update_fields=["imap_host"])
    return own


@pytest.fixture
def mailed(clock: Any, own: Mailbox, shop: Shop, chat: Conversation, smtp: Smtp) -> EmailMessage:
    """The mail with what Elif answered, and Vera has not read."""
    says(chat, shop, "It left yesterday.")
    later(clock, minutes=3)
    return smtp.taken[-1]


def reply(mailed: EmailMessage, text: str = "Thank you!", **more: str) -> EmailMessage:
    return written(
        f"{text}\n\n{plain(mailed)}",
        **{
            "sender": "Vera <Vera@example.com>",
            "to": "help@nimbus.example",
            "subject": f"Re: {mailed['Subject']}",
            "in_reply_to": mailed["Message-ID"],
        }
        | more,
    )


def said(chat: Conversation) -> list[str]:
    """Return what the customer has said in the chat."""
    lines = chat.entries.filter(kind="message", author_kind="visitor").order_by("seq")
    return list(lines.values_list("body", flat=True))


def resolved(chat: Conversation, shop: Shop) -> None:
    now = timezone.now()
    end_conversation(conversation=chat, by=shop.elif_, now=now)
    topic = make_topic(shop.brand)
    resolve_conversation(conversation=chat, by=shop.elif_, topic=topic, now=now)


def test_the_words_of_a_reply_are_the_customers_in_the_open_chat(
    clock: Any, own: Mailbox, chat: Conversation, mailed: EmailMessage, smtp: Smtp, shop: Shop
) -> None:
    for part in ("plain", "html"):
        text = mailed.get_body((part,)).get_content()
        assert "##- Please write your answer above this line -##" in text
        assert "Simply answer this e-mail: your words reach us." in text
    kept = take_in(own, reply(mailed))
    assert (kept.state, kept.reason, kept.entry) == ("done", "chat", None)
    assert said(chat) == ["Where is my order?", "Thank you!"]
    assert not Ticket.objects.exists()
    # The next answers go out as always, and what answers them comes back.
    says(chat, shop, "You're welcome.")
    later(clock, minutes=20)
    take_in(own, reply(smtp.taken[-1], "Bye."))
    assert said(chat)[-1] == "Bye."


def test_without_a_mailbox_that_is_read_nobody_is_told_to_reply(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "It left yesterday.")
    later(clock, minutes=3)
    assert "Simply answer" not in plain(smtp.taken[-1])
    assert "##-" not in plain(smtp.taken[-1])


def test_a_reply_that_is_read_twice_is_said_once(
    own: Mailbox, chat: Conversation, mailed: EmailMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        # The process ends between the words and the note that they were taken in.
        broken.setattr(ingest, "take_in", lambda **_given: 1 / 0)
        take_in(own, reply(mailed))
    assert RawMail.objects.get().state == "stored"
    ingest.ingest([{"mail": RawMail.objects.get().pk}])
    assert RawMail.objects.get().state == "done"
    assert said(chat) == ["Where is my order?", "Thank you!"]


def test_files_of_a_reply_follow_the_rules_of_chats(
    own: Mailbox, chat: Conversation, mailed: EmailMessage
) -> None:
    mail = reply(mailed, "This one.")
    for number in range(11):
        mail.add_attachment(picture(), "image", "png", filename=f"{number}.png")
    mail.add_attachment(b"MZ\0\0", "application", "octet-stream", filename="setup.exe")
    take_in(own, mail)
    first, rest = chat.entries.filter(kind="message", author_kind="visitor").order_by("seq")[1:]
    assert (first.body, first.attachments.count()) == ("This one.", 10)
    assert [each.file.name for each in rest.attachments.all()] == ["10.png"]
    [note] = chat.entries.filter(kind="note")
    assert note.body == "Not taken from the customer's e-mail: setup.exe"


@pytest.mark.parametrize("days", [0, 30])
def test_in_the_reopen_window_the_chat_hears_it_and_later_its_ticket(
    clock: Any,
    own: Mailbox,
    shop: Shop,
    chat: Conversation,
    mailed: EmailMessage,
    days: int,
) -> None:
    resolved(chat, shop)
    clock.shift(timedelta(hours=1, days=days))
    mail = reply(mailed, "It is not here yet.")
    mail.add_attachment(picture(), "image", "png", filename="door.png")
    kept = take_in(own, mail)
    drain()
    if not days:
        assert said(chat)[-1] == "It is not here yet."
        assert not Ticket.objects.exists()
        return
    chat.refresh_from_db()
    ticket = Ticket.objects.get()
    assert (chat.ticket, kept.entry.ticket) == (ticket, ticket)
    assert kept.entry.author_kind == "customer"
    assert kept.entry.files.get().name == "door.png"
    bodies = list(ticket.entries.filter(kind="message").values_list("body", flat=True))
    assert bodies == ["Where is my order?", "It left yesterday.", "It is not here yet."]
    assert said(chat) == ["Where is my order?"]


def test_nobody_else_says_anything_in_the_chat(
    subtests: pytest.Subtests, clock: Any, own: Mailbox, chat: Conversation, mailed: EmailMessage
) -> None:
    for who in (
        "stranger",
        "forged",
        "another address since",
        "another brand",
        "guessed",
        "machine",
    ):
        with subtests.test(who), put_back(clock, chat):
            into, mail = own, reply(mailed)
            match who:
                case "stranger":
                    mail = reply(mailed, sender="mallory@evil.example")
                case "forged":
                    bad = "mx.nimbus.example; dmarc=fail"
                    mail = reply(mailed, Authentication_Results=bad)
                case "another address since":
                    Visitor.objects.update(email="new@example.com")
                case "another brand":
                    into = Mailbox.objects.create(brand=make_brand(), address="help@other.example")
                case "guessed":
                    number, _dot, rest = mailed["Message-ID"].partition(".")
                    guessed = f"{number}.{'0' * 20}@{rest.partition('@')[2]}"
                    mail = reply(mailed, in_reply_to=guessed)
                case "machine":
                    mail = reply(mailed, Auto_Submitted="auto-replied")
            kept = take_in(into, mail)
            assert said(chat) == ["Where is my order?"]
            chat.refresh_from_db()
            assert chat.ticket is None
            assert (kept.state, kept.reason) == (
                ("aside", "automatic") if who == "machine" else ("done", "")
            )
    # Vera herself does.
    take_in(own, reply(mailed))
    assert said(chat) == ["Where is my order?", "Thank you!"]


def test_whoever_floods_the_chat_is_put_aside(
    own: Mailbox, chat: Conversation, mailed: EmailMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "CHAT_ANSWERS", Limit(answering.CHAT_ANSWERS.name, 1, 3600))
    kept = [take_in(own, reply(mailed, f"{number}")) for number in range(2)]
    assert [each.state for each in kept] == ["done", "aside"]
    assert kept[1].reason == "too_fast"
    assert said(chat)[1:] == ["0"]


def test_a_long_mail_is_parted_between_words() -> None:
    most = settings.IMECE["MESSAGE_MAX_CHARS"]
    words = " ".join(["order"] * most)
    pieces = parted(words)
    assert all(len(each) <= most for each in pieces)
    assert " ".join(pieces) == words
    assert "".join(parted("x" * (2 * most + 1))) == "x" * (2 * most + 1)
    assert parted("Short.\n\nBut two.") == ["Short.\n\nBut two."]
