"""Answers that nobody reads: who is mailed, when, what stands in it, and the page it leads to."""

import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Brand
from chat.links import link_to
from chat.models import AnswerMail, Conversation, Visitor
from chat.operations import answer_mails
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.spam import mark_spam
from chat.page import views
from chat.posting.marks import mark_read
from chat.posting.messages import NOTE, Author, Outgoing, post_message
from config.outbox.operations import drain
from config.web.limits import Limit
from tests.support.factories import make_topic
from tests.support.files import make_attachment
from tests.support.http import Shop, Widget, cid, make_shop, open_widget, started, taken
from tests.support.mail import Smtp, smtp_server
from tickets.mail.inbound.bounces import note_bounce
from tickets.mail.inbound.parts import Mail
from tickets.models import Mailbox, Ticket

pytestmark = pytest.mark.django_db

START = datetime.fromisoformat("2026-11-25T10:00:00+03:00")


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def smtp(settings: Any) -> Iterator[Smtp]:
    settings.OUTBOUND_PRIVATE = ["127.0.0.1"]
    with smtp_server() as server:
        yield server


@pytest.fixture
def shop(smtp: Smtp) -> Shop:
    shop = make_shop(name="Nimbus")
    Mailbox.objects.create(
        brand=shop.brand,
        address="help@nimbus.example",
        display_name="Nimbus Help",
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_security="none",
    )
    return shop


@pytest.fixture
def widget(clock: Any, shop: Shop) -> Widget:
    return open_widget(shop.brand)


@pytest.fixture
def chat(shop: Shop, widget: Widget) -> Conversation:
    chat = taken(started(widget, "Where is my order?"), shop.elif_)
    Visitor.objects.update(email="vera@example.com")
    drain()
    return chat


def says(chat: Conversation, shop: Shop, text: str, *kind: str) -> None:
    said = Outgoing(chat.public_id, Author.of_agent(shop.elif_), text, cid(), *kind)
    post_message(said, now=timezone.now())
    drain()


def later(clock: Any, **much: float) -> None:
    """Let time pass, and do what is due by then."""
    clock.shift(timedelta(**much))
    drain()
    drain("mail")


def plain(mail: Any) -> str:
    text: str = mail.get_body(("plain",)).get_content()
    return text


def page_of(smtp: Smtp) -> Client:
    """The customer's mail programme follows the link of the newest mail."""
    link = re.search(r"https?://[^/\s]+(/c/\S+)", plain(smtp.taken[-1]))
    assert link is not None
    client = Client()
    assert client.get(link[1]).status_code == 302
    return client


def place(chat: Conversation) -> str:
    return reverse("chat-page", args=[chat.public_id])


def test_unread_answers_are_mailed_together_after_three_minutes(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "It left yesterday.")
    later(clock, minutes=2)
    says(chat, shop, "It comes <b>tomorrow</b>.")
    assert smtp.taken == []
    later(clock, minutes=1)
    [mail] = smtp.taken
    assert (mail["To"], mail["From"]) == ("vera@example.com", "Nimbus Help <help@nimbus.example>")
    assert mail["Subject"] == "Nimbus has answered you"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    text, html = plain(mail), mail.get_body(("html",)).get_content()
    for part in (text, html):
        assert "It left yesterday." in part
        # Anybody may have typed the address: of what the customer said nothing goes there.
        assert "Where is my order?" not in part
        assert shop.elif_.name in part
    assert "&lt;b&gt;tomorrow" in html
    assert AnswerMail.objects.get().state == "sent"
    later(clock, hours=2)
    assert len(smtp.taken) == 1


def test_the_next_mail_waits_a_quarter_of_an_hour_and_has_what_is_new(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "One.")
    later(clock, minutes=3)
    says(chat, shop, "Two.")
    later(clock, minutes=4)
    says(chat, shop, "Three.")
    later(clock, minutes=10)
    assert len(smtp.taken) == 1
    later(clock, minutes=1)
    assert len(smtp.taken) == 2
    text = plain(smtp.taken[1])
    assert ("One." in text, "Two." in text, "Three." in text) == (False, True, True)


def test_what_was_read_in_time_is_not_mailed_and_what_came_after_it_later(
    clock: Any, shop: Shop, widget: Widget, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "One.")
    clock.shift(timedelta(minutes=2))
    chat.refresh_from_db()
    mark_read(conversation=chat, by=widget.visitor, seq=chat.last_visitor_seq, now=timezone.now())
    says(chat, shop, "Two.")
    later(clock, minutes=1)
    assert smtp.taken == []
    later(clock, minutes=2)
    [mail] = smtp.taken
    assert ("One." in plain(mail), "Two." in plain(mail)) == (False, True)


def test_whoever_wrote_since_has_seen_it(
    clock: Any, shop: Shop, widget: Widget, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "One.")
    widget.post(f"conversations/{chat.public_id}/messages", {"cid": cid(), "text": "Thanks"})
    later(clock, minutes=10)
    assert smtp.taken == []


def test_one_mailbox_gets_so_many_an_hour_whatever_follows_a_plus_sign(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Limit(answer_mails.ANSWER_MAILS_BY_EMAIL.name, 1, 3600)
    monkeypatch.setattr(answer_mails, "ANSWER_MAILS_BY_EMAIL", one)
    other = taken(started(open_widget(shop.brand), "And mine?"), shop.elif_)
    Visitor.objects.filter(pk=other.visitor_id).update(email="Vera+2@example.com")
    says(chat, shop, "One.")
    says(other, shop, "Two.")
    later(clock, minutes=3)
    assert [mail["To"] for mail in smtp.taken] == ["vera@example.com"]
    later(clock, hours=1)
    assert len(smtp.taken) == 2
    assert "Two." in plain(smtp.taken[1])


def looks() -> set[str]:
    """What workers look up among new lines: answers of agents, and notes that name somebody."""
    with CaptureQueriesContext(connection) as asked:
        drain()
    words = {"automatic": "answers", "'note'": "notes"}
    read = [each["sql"] for each in asked if each["sql"].startswith("SELECT")]
    return {words[word] for word in words for sql in read if word in sql}


def test_for_customers_words_no_answer_or_note_of_an_agent_is_looked_up(
    shop: Shop, widget: Widget, chat: Conversation
) -> None:
    widget.post(f"conversations/{chat.public_id}/messages", {"cid": cid(), "text": "@elif?"})
    assert looks() == set()
    said = Outgoing(chat.public_id, Author.of_agent(shop.elif_), "Yes", cid())
    post_message(said, now=timezone.now())
    assert looks() == {"answers", "notes"}


@pytest.mark.parametrize(
    "why",
    ["no address", "brand", "spam", "own address", "converted", "read at last", "spam at last"],
)
def test_nobody_is_mailed(
    clock: Any, shop: Shop, widget: Widget, chat: Conversation, smtp: Smtp, why: str
) -> None:
    if why == "no address":
        Visitor.objects.update(email="")
    if why == "own address":
        Visitor.objects.update(email="Help@nimbus.example")
    if why == "brand":
        Brand.objects.update(mails_answers=False)
    says(chat, shop, "One.")
    if why == "spam":
        mark_spam(conversation=chat, by=shop.elif_, now=timezone.now())
    if why == "converted":
        # What its ticket says is mailed as of tickets.
        Conversation.objects.update(outcome=Conversation.Outcome.CONVERTED)
    if why.endswith("at last"):
        # Between the look and the mail.
        clock.shift(timedelta(minutes=3))
        drain()
        assert AnswerMail.objects.count() == 1
        chat.refresh_from_db()
        now = timezone.now()
        if why.startswith("spam"):
            mark_spam(conversation=chat, by=shop.elif_, now=now)
        else:
            mark_read(conversation=chat, by=widget.visitor, seq=chat.last_visitor_seq, now=now)
    later(clock, minutes=10)
    assert smtp.taken == []
    assert not AnswerMail.objects.exclude(code="read").exists()


def test_a_refusal_is_told_in_the_chat_and_so_is_a_mail_that_comes_back(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "One.")
    later(clock, minutes=3)
    mail = AnswerMail.objects.get()
    report = Mail(
        content_type="multipart/report",
        reported=[mail.message_id],
        report=[
            {
                "final-recipient": "rfc822; vera@example.com",
                "action": "failed",
                "status": "5.1.1",
            }
        ],
    )
    assert note_bounce(mail=report, now=timezone.now())
    assert note_bounce(mail=report, now=timezone.now())
    mail.refresh_from_db()
    assert (mail.state, mail.code) == ("bounced", "absent")
    notes = chat.entries.filter(kind="note")
    assert "vera@example.com did not arrive. There is no such mailbox." in notes.get().body
    smtp.answers["vera@example.com"] = "550 5.1.1 No such user here"
    says(chat, shop, "Two.")
    later(clock, minutes=15)
    assert AnswerMail.objects.latest("pk").state == "failed"
    assert notes.count() == 2


def test_a_server_that_is_busy_is_asked_again_and_a_silent_one_never(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    smtp.answers["vera@example.com"] = "451 4.7.1 Later"
    says(chat, shop, "One.")
    later(clock, minutes=3)
    assert AnswerMail.objects.get().state == "retry"
    smtp.answers.clear()
    smtp.answer = ""
    later(clock, minutes=1)
    assert len(smtp.taken) == 1
    assert AnswerMail.objects.get().state == "unknown"
    later(clock, hours=1)
    assert len(smtp.taken) == 1


@pytest.mark.parametrize("state", ["sent", "sending"])
def test_a_mail_is_not_handed_over_again_whenever_a_worker_died(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp, state: str
) -> None:
    says(chat, shop, "One.")
    later(clock, minutes=3)
    AnswerMail.objects.update(state=state)
    answer_mails.send_answers({"mail": AnswerMail.objects.get().pk, "attempt": 0})
    assert len(smtp.taken) == 1
    assert AnswerMail.objects.get().state == {"sent": "sent", "sending": "unknown"}[state]


def test_the_link_becomes_a_cookie_and_the_chat_goes_on(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "It left yesterday.")
    says(chat, shop, "Between us: a difficult one.", NOTE)
    later(clock, minutes=3)
    page = page_of(smtp)
    shown = page.get(place(chat))
    text = shown.content.decode()
    assert "Where is my order?" in text
    assert "It left yesterday." in text
    assert "Between us" not in text
    assert "no-store" in shown["Cache-Control"]
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)
    # The page is the chat and no transcript of it, in the chat's language.
    assert "<h1>Your chat with Nimbus</h1>" in text
    Conversation.objects.filter(pk=chat.pk).update(language="tr")
    assert "<h1>Nimbus ile sohbetiniz</h1>" in page.get(place(chat)).content.decode()
    assert Client().get(place(chat)).status_code == 404
    key = str(uuid.uuid4())
    for _ in range(2):
        answer = page.post(place(chat), {"text": "Thank <you>", "key": key})
        assert answer.status_code == 302
    said = chat.entries.get(body="Thank <you>")
    assert (said.author_kind, said.kind) == ("visitor", "message")
    assert "Thank &lt;you&gt;" in page.get(place(chat)).content.decode()
    says(chat, shop, "You're welcome.")
    seen = page.post(place(chat) + "lines/")
    assert "You&#x27;re welcome." in seen.content.decode()
    # Read by whoever looks at the page: no mail follows.
    later(clock, hours=1)
    assert len(smtp.taken) == 1
    chat.refresh_from_db()
    assert chat.visitor_read_seq == chat.last_visitor_seq


def test_nothing_else_opens_it(clock: Any, shop: Shop, chat: Conversation) -> None:
    client = Client()
    link = link_to(chat, "vera@example.com").partition("/c/")[2]
    for wrong in (link[:-3] + "/", link_to(chat, "mallory@example.com").partition("/c/")[2]):
        assert client.get(f"/c/{wrong}").status_code == 404
    assert client.get(f"/c/{link}").status_code == 302
    # What the cookie holds is no link.
    held = client.cookies["imece_c"].value
    assert Client().get(f"{place(chat)}{held}/").status_code == 404
    assert client.get(place(chat)).status_code == 200
    other = started(open_widget(shop.brand))
    assert client.get(place(other)).status_code == 404
    # Nor their files, and those of notes.
    says(chat, shop, "Between us.", NOTE)
    for line in (other.entries.get(kind="message"), chat.entries.get(kind="note")):
        file = make_attachment(shop.elif_, entry=line).file
        answer = client.get(reverse("chat-file", args=[chat.public_id, file.public_id]))
        assert answer.status_code == 404
    Visitor.objects.update(email="new@example.com")
    assert client.get(place(chat)).status_code == 404
    Visitor.objects.update(email="vera@example.com")
    clock.shift(timedelta(days=8))
    assert Client().get(f"/c/{link}").status_code == 404
    assert client.get(place(chat)).status_code == 404


def test_spam_is_opened_no_more_and_whoever_floods_the_page_is_stopped(
    clock: Any, shop: Shop, chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "CHAT_ANSWERS", Limit(views.CHAT_ANSWERS.name, 1, 3600))
    client = Client()
    client.get("/c/" + link_to(chat, "vera@example.com").partition("/c/")[2])
    bodies = [{"text": "x", "key": str(uuid.uuid4())} for _ in range(2)]
    assert [client.post(place(chat), body).status_code for body in bodies] == [302, 429]
    mark_spam(conversation=chat, by=shop.elif_, now=timezone.now())
    assert client.get(place(chat)).status_code == 404


def test_a_press_from_elsewhere_says_nothing(clock: Any, shop: Shop, chat: Conversation) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/c/" + link_to(chat, "vera@example.com").partition("/c/")[2])
    body = {"text": "x", "key": str(uuid.uuid4())}
    assert strict.post(place(chat), body).status_code == 403
    assert strict.post(place(chat) + "lines/").status_code == 403


def test_words_after_the_reopen_window_become_a_ticket(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "It left yesterday.")
    now = timezone.now()
    end_conversation(conversation=chat, by=shop.elif_, now=now)
    topic = make_topic(shop.brand)
    resolve_conversation(conversation=chat, by=shop.elif_, topic=topic, now=now)
    later(clock, minutes=3)
    page = page_of(smtp)
    assert "This chat is over." in page.get(place(chat)).content.decode()
    later(clock, hours=30)
    key = str(uuid.uuid4())
    for _ in range(2):
        sent = page.post(place(chat), {"text": "It is not here yet.", "key": key})
    ticket = Ticket.objects.get()
    bodies = list(ticket.entries.filter(kind="message").values_list("body", flat=True))
    assert bodies == ["Where is my order?", "It left yesterday.", "It is not here yet."]
    # On to the ticket's own page, in the same browser.
    assert page.get(sent["Location"]).status_code == 302
    assert page.get(reverse("ticket-page", args=[ticket.pk])).status_code == 200
