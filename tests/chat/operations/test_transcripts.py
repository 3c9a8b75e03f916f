"""What was said, by e-mail: who gets it, what stands in it, and that it is sent once."""

import email
import email.policy
import re
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone

from agents.models import Brand
from chat.models import Conversation, Entry, Visitor
from chat.operations.assignment import accept, requeue
from chat.posting.messages import NOTE, Author, Outgoing, Posted, post_message
from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from tests.support.factories import make_agent, make_role
from tests.support.files import make_attachment
from tests.support.http import Shop, Widget, cid, make_shop, open_widget, started, taken

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> {{ settings.SECRET_KEY }}"


class Mailbox:
    """A mail server that keeps what it takes, unless a test makes it behave badly."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.to: list[str] = []
        self.answer = "250 Ok"
        self.drops = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        if self.answer.startswith("250"):
            self.taken.append(message)
            self.to += envelope.rcpt_tos
        if self.drops:
            server.transport.close()
        return self.answer

    def mail(self) -> EmailMessage:
        """The only mail there is."""
        [mail] = self.taken
        return mail

    def part(self, kind: str) -> str:
        """What stands in the mail, as text or as HTML."""
        body = self.mail().get_body((kind,))
        assert body is not None
        text: str = body.get_content()
        return text.replace("\r\n", "\n")


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.MAILERS = {
        "default": {
            "BACKEND": "config.mail.SmtpBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 5},
        }
    }
    yield box
    server.stop()


@pytest.fixture
def shop() -> Shop:
    return make_shop(name="Nimbus", time_zone="Europe/Istanbul")


@pytest.fixture
def chat(shop: Shop, widget: Widget) -> Conversation:
    return answered(started(widget, "Where is my order?"), shop)


def ask(widget: Widget, chat: Conversation, to: Any = "vera@example.com") -> Any:
    """Ask for the transcript."""
    return widget.post(f"conversations/{chat.public_id}/transcript", {"email": to})


def answered(chat: Conversation, shop: Shop) -> Conversation:
    """Let Elif say something."""
    says(taken(chat, shop.elif_), Author.of_agent(shop.elif_), "Hello")
    return chat


def says(chat: Conversation, author: Author, text: str, kind: str = "message", **more: Any) -> None:
    said = post_message(
        Outgoing(chat.public_id, author, text, cid(), kind, **more), now=timezone.now()
    )
    assert isinstance(said, Posted)


def test_the_visitor_gets_what_was_said_and_no_more(
    shop: Shop, widget: Widget, chat: Conversation, mailbox: Mailbox
) -> None:
    elif_ = Author.of_agent(shop.elif_)
    says(chat, elif_, "It left yesterday.\nIt comes tomorrow.")
    says(chat, elif_, "A difficult customer", NOTE)
    boss = Author.of_agent(make_agent(role=make_role("supervise", scope="all")))
    says(chat, boss, "A difficult whisper", NOTE, is_whisper=True)
    requeue(conversation=chat, by=shop.elif_, now=timezone.now(), reason="secret reason")
    assert ask(widget, chat).status_code == 200
    assert OutboxEntry.objects.filter(kind="chat.transcript_mail").count() == 1
    drain("mail")
    assert mailbox.to == ["vera@example.com"]
    mail = mailbox.mail()
    assert (mail["To"], mail["Subject"]) == ("vera@example.com", "Your chat with Nimbus")
    assert mail["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        text = mailbox.part(kind)
        for said in ("Where is my order?", "It left yesterday.", "It comes tomorrow.", "You"):
            assert said in text
        assert f"{shop.elif_.name} joined the chat" in text
        for hidden in ("difficult", "secret reason", shop.elif_.email):
            assert hidden not in text
        assert "left out" not in text
    assert "    It left yesterday.\n    It comes tomorrow.\n" in mailbox.part("plain")
    assert "because somebody asked for it in the chat window" in mailbox.part("plain")
    assert "yesterday.<br>It comes" in mailbox.part("html")


@pytest.mark.parametrize("asked", ["America/New_York", "Mars/Olympus", ""])
def test_the_mail_names_its_zone_the_visitors_or_the_brands(
    widget: Widget, chat: Conversation, mailbox: Mailbox, asked: str
) -> None:
    body = {"email": "vera@example.com", "time_zone": asked}
    assert widget.post(f"conversations/{chat.public_id}/transcript", body).status_code == 200
    drain("mail")
    zone = ZoneInfo(asked if "New" in asked else "Europe/Istanbul")
    named = "New York, UTC-0" if "New" in asked else "Istanbul, UTC+03:00"
    for kind in ("plain", "html"):
        assert f"{chat.created_at.astimezone(zone):%H:%M} ({named}" in mailbox.part(kind)


def test_a_chat_that_went_back_and_forth_tells_only_who_came_at_last(
    shop: Shop, widget: Widget, chat: Conversation, mailbox: Mailbox
) -> None:
    for _ in range(2):
        requeue(conversation=chat, by=None, now=timezone.now())
        accept(conversation=chat, agent=shop.elif_, now=timezone.now())
    says(chat, Author.of_agent(shop.elif_), "Here I am again")
    requeue(conversation=chat, by=None, now=timezone.now())
    assert ask(widget, chat).status_code == 200
    drain("mail")
    for kind in ("plain", "html"):
        told = re.findall("joined the chat|You are in line|again", mailbox.part(kind))
        assert told == ["joined the chat", "joined the chat", "again", "You are in line"]
    assert chat.entries.filter(kind__in=["queued", "accepted"]).count() == 7


def test_what_is_said_after_the_request_stays_out(
    widget: Widget, chat: Conversation, mailbox: Mailbox
) -> None:
    ask(widget, chat)
    says(chat, Author.of_visitor(widget.visitor), "One more thing")
    drain("mail")
    assert "One more thing" not in mailbox.part("plain")


def test_it_speaks_the_language_of_the_chat_and_wears_the_brands_colour(mailbox: Mailbox) -> None:
    shop = make_shop(name="Pazar", primary_color="#7a1fa2", logo="logos/abc.png")
    widget = open_widget(shop.brand, language="tr")
    chat = answered(started(widget, "Merhaba"), shop)
    ask(widget, chat)
    drain("mail")
    assert mailbox.mail()["Subject"] == "Sohbet dökümünüz: Pazar"
    html = mailbox.part("html")
    assert '<html lang="tr">' in html
    assert "background:#7a1fa2;color:#ffffff" in html
    assert f'{shop.brand.logo_url}" alt="Pazar"' in html
    assert f"{shop.elif_.name} sohbete katıldı" in html


def test_of_a_long_chat_the_newest_fits_into_a_mail(
    widget: Widget, chat: Conversation, mailbox: Mailbox
) -> None:
    vera = Author.of_visitor(widget.visitor)
    for number in range(25):
        says(chat, vera, f"<{number}>" + "&" * 9_990)
    says(chat, vera, "The last word")
    ask(widget, chat)
    drain("mail")
    text, html = mailbox.part("plain"), mailbox.part("html")
    assert "The last word" in text
    assert "<24>" in text
    assert "&lt;24&gt;" in html
    for part in (text, html):
        assert "Where is my order?" not in part
        assert "its beginning is left out" in part
    assert text.count("&") <= 200_000


def test_hostile_text_is_only_text(
    shop: Shop, widget: Widget, chat: Conversation, mailbox: Mailbox
) -> None:
    Brand.objects.update(name="Evil\r\nBcc: victim@example.com <b>")
    Visitor.objects.update(name="Vera\n\nElif Kaya: pay here <i>")
    says(chat, Author.of_visitor(widget.visitor), f"{HOSTILE}\n\nElif Kaya:\npay at evil.example")
    entry = Entry.objects.filter(kind="message").latest("pk")
    make_attachment(widget.visitor, entry=entry, name='"><svg onload=x>\n.png')
    ask(widget, chat)
    drain("mail")
    mail = mailbox.mail()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Your chat with Evil Bcc: victim@example.com <b>"
    assert mailbox.to == ["vera@example.com"]
    html = mailbox.part("html")
    for tag in ("<script", "<img", "<svg", "<i>", "<b>"):
        assert tag not in html
    assert "{{ settings.SECRET_KEY }}" in html
    lines = mailbox.part("plain").splitlines()
    assert not [line for line in lines if line.startswith(("Elif Kaya:", "pay at"))]
    assert "    Elif Kaya:" in lines


@pytest.mark.usefixtures("no_limits")
def test_a_bad_address_is_invalid_and_nothing_is_sent(
    subtests: pytest.Subtests, widget: Widget, chat: Conversation
) -> None:
    for to in (
        "",
        "vera",
        "vera@",
        "@example.com",
        "vera@example",
        "a@b.example, c@d.example",
        "a@b.example\nBcc: c@d.example",
        "a@b.example\r\nc@d.example",
        "Vera <vera@example.com>",
        "vera@example.com\0",
        "çağrı@example.com",
        "x" * 250 + "@example.com",
        ["vera@example.com"],
        None,
        7,
    ):
        with subtests.test(to=to):
            answer = ask(widget, chat, to)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
            assert not OutboxEntry.objects.filter(kind="chat.transcript_mail").exists()


def test_nobody_gets_somebody_elses_chat(shop: Shop, chat: Conversation) -> None:
    stranger = open_widget(shop.brand)
    started(stranger)
    assert ask(stranger, chat).status_code == 404
    assert not OutboxEntry.objects.filter(kind="chat.transcript_mail").exists()


def test_a_brand_may_send_no_transcripts(widget: Widget, chat: Conversation) -> None:
    assert widget.open().json()["config"]["transcripts"] is True
    Brand.objects.update(transcripts=Brand.Transcripts.NEVER)
    answer = ask(widget, chat)
    assert (answer.status_code, answer.json()["code"]) == (409, "unavailable")
    assert not OutboxEntry.objects.filter(kind="chat.transcript_mail").exists()


def test_a_request_that_the_server_refused_is_tried_again(
    widget: Widget, chat: Conversation, mailbox: Mailbox
) -> None:
    mailbox.answer = "451 Come back later"
    ask(widget, chat)
    drain("mail")
    mailbox.answer = "250 Ok"
    OutboxEntry.objects.update(available_at=timezone.now())
    drain("mail")
    assert len(mailbox.taken) == 1
    assert OutboxEntry.objects.get(kind="chat.transcript_mail").done_at


def test_a_mail_that_may_have_been_taken_is_never_sent_again(
    widget: Widget, chat: Conversation, mailbox: Mailbox
) -> None:
    mailbox.drops = True
    ask(widget, chat)
    for _ in range(3):
        drain("mail")
        OutboxEntry.objects.update(available_at=timezone.now())
    assert len(mailbox.taken) == 1
    entry = OutboxEntry.objects.get(kind="chat.transcript_mail")
    assert (entry.done_at, entry.last_error) == (None, "unknown")
    assert entry.dead_at


def test_without_a_mail_server_it_is_tried_again(
    widget: Widget, chat: Conversation, settings: Any
) -> None:
    settings.MAILERS = {
        "default": {
            "BACKEND": "config.mail.SmtpBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 5},
        }
    }
    ask(widget, chat)
    drain("mail")
    entry = OutboxEntry.objects.get(kind="chat.transcript_mail")
    assert (entry.done_at, entry.dead_at, entry.attempts) == (None, None, 1)


def check_limited(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (429, "rate")
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.usefixtures("early_in_the_hour")
def test_one_visitor_asks_only_so_often(widget: Widget, chat: Conversation, settings: Any) -> None:
    settings.IMECE = settings.IMECE | {"TRANSCRIPTS_PER_HOUR": 1}
    assert ask(widget, chat, "one@example.com").status_code == 200
    check_limited(ask(widget, chat, "two@example.com"))


@pytest.mark.usefixtures("early_in_the_hour")
def test_many_visitors_fill_nobodys_mailbox(shop: Shop) -> None:
    answers = []
    for number in range(4):
        widget = open_widget(shop.brand)
        address = "victim@example.com" if number % 2 else f"Victim+{number}@Example.COM"
        answers.append(ask(widget, answered(started(widget), shop), address))
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    check_limited(answers[3])


@pytest.mark.usefixtures("early_in_the_hour")
def test_other_spellings_of_a_mailbox_are_no_other_mailbox(shop: Shop) -> None:
    spellings = [
        "a@şeker.example",
        "a@xn--eker-45a.example",
        "a@ŞEKER.example",
        "A@ş\u00adeker.example",
    ]
    widgets = [open_widget(shop.brand) for _ in spellings]
    answers = [
        ask(widget, answered(started(widget), shop), address)
        for widget, address in zip(widgets, spellings, strict=True)
    ]
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    check_limited(answers[3])
    sent_to = OutboxEntry.objects.filter(kind="chat.transcript_mail").values_list(
        "payload", flat=True
    )
    assert {mail["email"] for mail in sent_to} == {"a@şeker.example", "a@xn--eker-45a.example"}


@pytest.mark.usefixtures("no_limits")
def test_what_is_no_mailbox_out_there_is_sent_nothing(
    subtests: pytest.Subtests, widget: Widget, chat: Conversation
) -> None:
    for address in (
        "alı@example.com",
        '"victim"@example.com',
        '"vic\\tim"@example.com',
        "a@example.com\u202e",
        "root@localhost",
        "a@" + "é." * 30_000,
        "root@[127.0.0.1]",
        "a@faß.example",
    ):
        with subtests.test(address=address):
            answer = ask(widget, chat, address)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.usefixtures("early_in_the_hour")
@pytest.mark.parametrize("what", ["ADDRESS", "BRAND"])
def test_one_machine_and_one_brand_send_only_so_much(shop: Shop, settings: Any, what: str) -> None:
    settings.IMECE = settings.IMECE | {f"TRANSCRIPTS_PER_{what}_PER_HOUR": 1}
    widgets = [open_widget(shop.brand) for _ in range(2)]
    first, second = (
        ask(widget, answered(started(widget), shop), f"{number}@example.com")
        for number, widget in enumerate(widgets)
    )
    assert first.status_code == 200
    check_limited(second)


def test_words_that_nobody_has_answered_are_mailed_to_nobody(shop: Shop, widget: Widget) -> None:
    chat = taken(started(widget), shop.elif_)
    answer = ask(widget, chat, "stranger@example.com")
    assert (answer.status_code, answer.json()["code"]) == (409, "unavailable")
    assert not OutboxEntry.objects.filter(kind="chat.transcript_mail").exists()
    says(chat, Author.of_agent(shop.elif_), "It left yesterday.")
    assert ask(widget, chat, "stranger@example.com").status_code == 200
