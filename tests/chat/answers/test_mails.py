"""Answers that nobody reads: who is mailed, when, and what stands in it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Brand
from chat.models import AnswerMail, Conversation, Visitor
from chat.operations import answer_mails
from chat.operations.spam import mark_spam
from chat.operations.transcripts import request_transcript
from chat.posting.marks import mark_read
from chat.posting.messages import Author, Outgoing, post_message
from config.outbox.operations import drain
from config.web.rate_limits import Limit
from tests.support.answers import later, plain, put_back, says
from tests.support.http import Shop, Widget, cid, open_widget, started, taken
from tests.support.mail import Smtp
from tickets.mail.inbound.bounces import note_bounce
from tickets.mail.inbound.parts import Mail
from tickets.mail.letters import sender_line
from tickets.models import Mailbox
from tickets.operations.addresses import is_dead, mark_alive, mark_dead
from tickets.operations.deliveries import note_server
from tickets.tokens import instance_mark

pytestmark = pytest.mark.django_db


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
    mark_read(conversation=chat, by=widget.visitor, seq=chat.last_visitor_seq)
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


def test_nobody_is_mailed(
    subtests: pytest.Subtests,
    clock: Any,
    shop: Shop,
    widget: Widget,
    chat: Conversation,
    smtp: Smtp,
) -> None:
    for why in (
        "no address",
        "brand",
        "spam",
        "own address",
        "forwarded to us",
        "converted",
        "read at last",
        "spam at last",
    ):
        with subtests.test(why), put_back(clock, chat):
            smtp.taken.clear()
            if why == "no address":
                Visitor.objects.update(email="")
            if why == "own address":
                Visitor.objects.update(email="Help@nimbus.example")
            if why == "forwarded to us":
                Mailbox.objects.update(also_at=["info@nimbus.example"])
                Visitor.objects.update(email="Info@nimbus.example")
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
                    mark_read(conversation=chat, by=widget.visitor, seq=chat.last_visitor_seq)
            later(clock, minutes=10)
            assert smtp.taken == []
            assert not AnswerMail.objects.exclude(code="read").exists()
    # Without any of this the same words are mailed.
    says(chat, shop, "One.")
    later(clock, minutes=10)
    assert len(smtp.taken) == 1


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
    # Nothing shows yet that it is about the mail itself, and not by somebody who knows its id.
    assert not is_dead("vera@example.com")
    report.marks = [smtp.taken[0]["X-Imece-Recipient"]]
    assert note_bounce(mail=report, now=timezone.now())
    assert is_dead("vera@example.com")
    mail.refresh_from_db()
    assert (mail.state, mail.code) == ("bounced", "absent")
    notes = chat.entries.filter(kind="note")
    assert "vera@example.com did not arrive. There is no such mailbox." in notes.get().body
    # Nothing more goes there until somebody says that the address is right.
    says(chat, shop, "Two.")
    later(clock, minutes=15)
    assert AnswerMail.objects.count() == 1
    mark_alive(address=mail.address)
    smtp.answers["vera@example.com"] = "550 5.1.1 No such user here"
    says(chat, shop, "Three.")
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


def test_unread_answers_leave_as_soon_as_the_brands_server_works_again(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    own = Mailbox.objects.get()
    Mailbox.objects.update(smtp_port=1)
    says(chat, shop, "One.")
    later(clock, minutes=3)
    assert AnswerMail.objects.get().code == "unreachable"
    Mailbox.objects.update(smtp_port=smtp.port)
    note_server(mailbox=own, error="", now=timezone.now())
    drain("mail")
    assert AnswerMail.objects.get().state == "sent"


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


def test_a_transcript_comes_from_the_brand_only_to_where_its_customer_is_reached(
    clock: Any, shop: Shop, widget: Widget, chat: Conversation, smtp: Smtp, mailoutbox: list[Any]
) -> None:
    says(chat, shop, "It left yesterday.")
    mark_dead(address="gone@example.com", detail="", now=timezone.now())
    for to in ("gone@example.com", "Vera@Example.com", "stranger@example.com"):
        asked = widget.post(f"conversations/{chat.public_id}/transcript", {"email": to})
        assert asked.status_code == 200
    drain("mail")
    [mail] = smtp.taken
    assert (mail["To"], mail["From"]) == ("Vera@example.com", "Nimbus Help <help@nimbus.example>")
    assert mail["X-Imece-Instance"] == instance_mark()
    # Whoever else somebody types is written to by the product, if by anybody.
    [other] = mailoutbox
    assert (other.to, other.from_email) == (["stranger@example.com"], sender_line(None, shop.brand))


def test_a_transcript_that_comes_back_is_told_in_its_chat_once(
    clock: Any, shop: Shop, chat: Conversation, mailoutbox: list[Any]
) -> None:
    says(chat, shop, "One.")
    request_transcript(conversation=chat, email="typo@exmaple.com")
    drain("mail")
    [message_id] = [mail.message()["Message-ID"] for mail in mailoutbox]

    def came_back(address: str) -> bool:
        block = {"final-recipient": f"rfc822; {address}", "action": "failed", "status": "5.1.1"}
        report = Mail(content_type="multipart/report", reported=[message_id], report=[block])
        return note_bounce(mail=report, now=timezone.now())

    # Whoever has a transcript declares nobody else's address dead.
    assert not came_back("vera@example.com")
    assert not is_dead("vera@example.com")
    assert came_back("Typo@exmaple.com")
    assert came_back("typo@exmaple.com")
    note = chat.entries.get(kind="note")
    assert "transcript to typo@exmaple.com did not arrive. There is no such mailbox." in note.body
    assert is_dead("typo@exmaple.com")
