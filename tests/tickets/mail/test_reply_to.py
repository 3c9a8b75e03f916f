"""Where a mail wants its answer, such as one that a website's form sends in its own name."""

import re

import pytest

from config.outbox.operations import drain
from tests.support.http import Desk, cid
from tests.tickets.mail.samples import answer, reply, take_in, written
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def prefilled(page: str) -> str:
    return re.search(r'name="to" value="([^"]*)"', page)[1]


def form(**more: str):
    given = {"sender": "WordPress <wordpress@pazar.example>", "reply_to": "Su <Su@example.org>"}
    return written("Kargom nerede?", **given | more)


def test_the_answer_to_a_form_goes_where_the_form_says(mailbox, smtp, elif_, seen):
    entry = take_in(mailbox, form()).entry
    ticket = entry.ticket
    assert (ticket.contact.email, entry.data["reply_to"]) == (
        "wordpress@pazar.example",
        "su@example.org",
    )
    shown = seen(ticket)
    assert "yanıtı şu adrese istiyor: su@example.org" in shown
    assert prefilled(shown) == "su@example.org"
    drain("mail")
    smtp.taken.clear()
    answer(ticket, elif_, "Yolda.", to=prefilled(shown))
    drain("mail")
    [mail] = smtp.taken
    assert mail["To"] == "su@example.org"
    back = take_in(mailbox, reply(mail, "Geldi.", sender="su@example.org")).entry
    assert back.ticket == ticket
    assert prefilled(seen(ticket)) == "su@example.org"


def test_an_app_that_names_no_recipient_answers_there_too(mailbox, smtp, elif_):
    ticket = take_in(mailbox, form()).entry.ticket
    drain("mail")
    smtp.taken.clear()
    body = {"cid": cid(), "text": "Yolda."}
    assert Desk(elif_).post(f"tickets/{ticket.pk}/messages", body).status_code == 201
    drain("mail")
    assert [mail["To"] for mail in smtp.taken] == ["su@example.org"]


@pytest.mark.parametrize(
    "reply_to",
    [
        "destek@pazar.example",
        "destek+t1-abcdefgh@pazar.example",
        "a@example.org, b@example.org",
        "elif",
        "",
    ],
)
def test_only_one_other_address_counts_and_none_of_ours(mailbox, reply_to):
    assert "reply_to" not in take_in(mailbox, form(reply_to=reply_to)).entry.data
    kept = take_in(mailbox, form(reply_to=reply_to, sender="noreply@pazar.example"))
    assert (kept.state, kept.reason) == ("aside", "automatic")


def test_who_wants_answers_where_they_write_from_is_said_once(mailbox):
    same = take_in(mailbox, form(reply_to="WordPress@pazar.example")).entry
    assert "reply_to" not in same.data


def test_a_later_mail_says_where_it_wants_answers_and_leads_them_nowhere(
    mailbox, ticket, sent, seen
):
    take_in(mailbox, reply(sent, "Buraya yazın.", reply_to="x@evil.example"))
    shown = seen(ticket)
    assert "yanıtı şu adrese istiyor: x@evil.example" in shown
    assert prefilled(shown) == "ipek@example.com"


def test_an_address_to_answer_to_proves_nothing_of_anybody(mailbox, ticket, sent):
    asks = {"sender": "x@evil.example", "reply_to": "ipek@example.com"}
    for mail in (reply(sent, "Ben İpek.", **asks), written(subject=f"[#{ticket.pk}]", **asks)):
        other = take_in(mailbox, mail).entry.ticket
        assert (other == ticket, other.contact == ticket.contact) == (False, False)


def test_a_form_in_nobodys_name_opens_a_ticket_that_no_machine_answers(mailbox, smtp, seen):
    entry = take_in(mailbox, form(sender="Site <no-reply@pazar.example>")).entry
    assert entry.data["unanswerable"] is True
    assert "automatic" not in entry.data
    assert prefilled(seen(entry.ticket)) == "su@example.org"
    drain("mail")
    assert smtp.taken == []


@pytest.mark.parametrize(
    "marks",
    [
        {"auto_submitted": "auto-generated"},
        {"precedence": "bulk"},
        {"list_unsubscribe": "<https://example.org/x>"},
        {"reply_to": "noreply@example.org"},
        {"sender": "mailer-daemon@pazar.example"},
    ],
)
def test_what_says_in_another_way_that_a_machine_wrote_it_is_no_form(mailbox, marks):
    kept = take_in(mailbox, form(**{"sender": "noreply@pazar.example"} | marks))
    assert (kept.state, kept.reason) == ("aside", "automatic")
    assert not Ticket.objects.exists()
