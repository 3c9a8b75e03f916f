"""Answers leave by mail: what is in them, to whom, and what becomes of each."""

import smtplib
from datetime import timedelta
from email.utils import parseaddr

import pytest
import time_machine
from django.core import mail as django_mail
from django.core.mail import EmailMessage
from django.utils import timezone

from config.files.cleaning import CleanFile
from config.mail import HANDING_SECONDS
from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from tests.support.mail import smtp_server
from tests.tickets.mail.samples import answer, states
from tickets.mail import answers
from tickets.mail.answers import attempt, deliver
from tickets.mail.servers import SECONDS
from tickets.mail.words import deliveries_shown
from tickets.models import Delivery, Mailbox, MailId
from tickets.operations.deliveries import DELIVER
from tickets.operations.files import keep_file
from tickets.operations.replies import unsay
from tickets.tokens import ticket_of_address, ticket_of_message_id

pytestmark = pytest.mark.django_db


def test_a_reply_reaches_the_customer_in_the_look_of_the_brand(mailbox, smtp, ticket, elif_):
    entry = answer(ticket, elif_, "Merhaba <b>İpek</b>,\niadeniz yolda.")
    drain("mail")
    [sent] = smtp.taken
    assert parseaddr(sent["From"]) == ("Pazar Destek", "destek@pazar.example")
    assert sent["To"] == "ipek@example.com"
    assert sent["Subject"] == f"Re: İade nasıl olur? [#{ticket.pk}]"
    assert ticket_of_message_id(sent["Message-ID"]) == ticket.pk
    # A person wrote it: nothing tells servers that nobody did.
    assert sent["Auto-Submitted"] is None
    plain = sent.get_body(("plain",)).get_content()
    html = sent.get_body(("html",)).get_content()
    assert "iadeniz yolda." in plain
    assert "Sevgiler, Pazar" in plain
    assert "&lt;b&gt;İpek&lt;/b&gt;" in html
    assert "Elif Kaya" in html
    assert "#0b6e6e" in html
    assert states(entry) == {"ipek@example.com": ("sent", "")}
    mailbox.refresh_from_db()
    assert mailbox.sent_at


def test_a_subject_names_its_ticket_once(mailbox, smtp, ticket, elif_):
    ticket.subject = f"İade nasıl olur? [#{ticket.pk}]"
    ticket.save()
    answer(ticket, elif_)
    drain("mail")
    assert smtp.taken[0]["Subject"] == f"Re: İade nasıl olur? [#{ticket.pk}]"


def test_notes_never_leave(mailbox, smtp, ticket, elif_):
    answer(ticket, elif_, "Bu müşteri zor.", is_note=True)
    drain("mail")
    assert smtp.taken == []


def test_everybody_gets_the_same_mail_of_their_own(mailbox, smtp, ticket, elif_):
    entry = answer(ticket, elif_, cc=["can@example.org", "IPEK@example.com", "", "can@EXAMPLE.org"])
    drain("mail")
    assert sorted(each["To"] for each in smtp.taken) == ["can@example.org", "ipek@example.com"]
    assert len({each["Message-ID"] for each in smtp.taken}) == 1
    assert states(entry).keys() == {"can@example.org", "ipek@example.com"}


def test_answers_follow_each_other_in_the_thread_whatever_the_ids_are_like(
    mailbox, smtp, ticket, elif_
):
    # Longer than a line, as Outlook makes them.
    theirs = f"<{'AM0PR04MB' * 8}@{'AM0PR04MB'}.eurprd04.prod.outlook.com>"
    MailId.objects.create(ticket=ticket, message_id=theirs, is_ours=False)
    answer(ticket, elif_, "Bir")
    drain("mail")
    answer(ticket, elif_, "İki")
    drain("mail")
    one, two = smtp.taken
    assert one["In-Reply-To"] == theirs
    assert two["In-Reply-To"] == one["Message-ID"]
    assert two["References"].split() == [theirs, one["Message-ID"]]


def test_a_long_thread_names_its_beginning_and_its_newest_mails(mailbox, smtp, ticket, elif_):
    for number in range(30):
        MailId.objects.create(ticket=ticket, message_id=f"<{number}@x.example>", is_ours=False)
    answer(ticket, elif_)
    drain("mail")
    names = smtp.taken[0]["References"].split()
    assert (len(names), names[0], names[-1]) == (20, "<0@x.example>", "<29@x.example>")


def test_replies_carry_their_ticket_where_the_mailbox_takes_plus_addresses(
    mailbox, smtp, ticket, elif_
):
    Mailbox.objects.update(has_plus=True)
    answer(ticket, elif_)
    drain("mail")
    [sent] = smtp.taken
    address = str(sent["Reply-To"])
    assert address.startswith(f"destek+t{ticket.pk}-")
    assert ticket_of_address(address.upper()) == ticket.pk
    forged = address.replace(f"+t{ticket.pk}-", f"+t{ticket.pk + 1}-")
    assert ticket_of_address(forged) is None


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        ("550 5.1.1 No such user", "failed", "absent"),
        ("552 5.2.2 Over quota", "failed", "full"),
        ("554 5.7.1 Blocked", "failed", "refused"),
        ("451 4.7.1 Greylisted", "retry", "later"),
    ],
)
def test_what_a_server_says_of_one_recipient_keeps_no_other_from_getting_it(
    mailbox, smtp, ticket, elif_, said, state, code
):
    smtp.answers["can@example.org"] = said
    entry = answer(ticket, elif_, cc=["can@example.org"])
    drain("mail")
    assert [each["To"] for each in smtp.taken] == ["ipek@example.com"]
    assert states(entry)["can@example.org"] == (state, code)
    assert states(entry)["ipek@example.com"] == ("sent", "")
    shown = {each["address"]: each for each in deliveries_shown([entry], timezone.now())[entry.pk]}
    assert said.split(" ", 1)[1] in shown["can@example.org"]["detail"]
    assert shown["can@example.org"]["reason"]


def test_what_may_pass_is_tried_again_and_given_up_after_two_days(mailbox, smtp, ticket, elif_):
    smtp.answers["ipek@example.com"] = "451 4.7.1 Greylisted"
    entry = answer(ticket, elif_)
    drain("mail")
    due = OutboxEntry.objects.live().get(kind=DELIVER).available_at
    assert timedelta(seconds=50) < due - timezone.now() <= timedelta(minutes=1)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        smtp.answers.clear()
        drain("mail")
        assert states(entry) == {"ipek@example.com": ("sent", "")}
        entry = answer(ticket, elif_)
    smtp.answers["ipek@example.com"] = "451 4.7.1 Greylisted"
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=True):
        drain("mail")
        assert states(entry) == {"ipek@example.com": ("failed", "later")}


@pytest.mark.parametrize(
    ("said", "told", "noted"),
    [
        ("552 5.3.4 Message size exceeds fixed limit", ("failed", "too_big"), ""),
        ("552 Requested mail action aborted", ("failed", "too_big"), ""),
        ("552 5.2.2 You are over quota", ("retry", "sender"), "sender"),
        ("550 5.7.1 Not your address", ("retry", "sender"), "sender"),
        ("421 4.7.0 Too many mails from you, come back later", ("retry", "busy"), "busy"),
        ("452 4.3.1 Out of memory", ("retry", "busy"), "busy"),
    ],
)
def test_only_a_mail_that_is_too_large_for_the_server_is_not_sent_again(
    mailbox, smtp, ticket, elif_, said, told, noted
):
    smtp.to_sender = said
    entry = answer(ticket, elif_)
    drain("mail")
    assert states(entry) == {"ipek@example.com": told}
    mailbox.refresh_from_db()
    # With the server nothing is wrong.
    assert mailbox.send_error == noted


def test_a_mail_that_the_server_may_have_is_not_sent_again(mailbox, smtp, ticket, elif_):
    smtp.answer = ""
    entry = answer(ticket, elif_)
    drain("mail")
    assert states(entry) == {"ipek@example.com": ("unknown", "no_answer")}
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
        drain("mail")
    assert len(smtp.taken) == 1


def test_a_server_that_hangs_up_before_the_mail_itself_gets_it_later(mailbox, smtp, ticket, elif_):
    smtp.answers["ipek@example.com"] = ""
    entry = answer(ticket, elif_)
    drain("mail")
    assert states(entry) == {"ipek@example.com": ("retry", "unreachable")}
    smtp.answers.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        drain("mail")
    assert states(entry) == {"ipek@example.com": ("sent", "")}
    assert len(smtp.taken) == 1


def test_a_server_may_look_through_a_mail_for_longer_than_it_takes_to_connect(
    mailbox, smtp, ticket, elif_, monkeypatch
):
    patience = []
    hand_over = smtplib.SMTP.data

    def noted(self, mail):
        patience.append(self.sock.gettimeout())
        return hand_over(self, mail)

    monkeypatch.setattr(smtplib.SMTP, "data", noted)
    answer(ticket, elif_)
    drain("mail")
    assert patience == [HANDING_SECONDS]
    assert HANDING_SECONDS > SECONDS


def test_a_mail_whose_worker_vanished_is_not_sent_again(mailbox, smtp, ticket, elif_):
    entry = answer(ticket, elif_)
    delivery = entry.deliveries.get()
    # It was being handed over when its process was killed; the outbox does the row again.
    Delivery.objects.filter(pk=delivery.pk).update(state="sending")
    deliver({"delivery": delivery.pk, "attempt": 0})
    assert smtp.taken == []
    assert states(entry) == {"ipek@example.com": ("unknown", "vanished")}


def test_an_attempt_that_was_recorded_is_not_made_again(mailbox, smtp, ticket, elif_):
    entry = answer(ticket, elif_)
    drain("mail")
    deliver({"delivery": entry.deliveries.get().pk, "attempt": 0})
    assert len(smtp.taken) == 1


def test_a_wrong_password_is_told_and_the_mail_leaves_once_it_is_right(
    mailbox, ticket, elif_, settings
):
    with smtp_server(destek="dogru") as server:
        Mailbox.objects.update(smtp_port=server.port, smtp_user="destek")
        own = Mailbox.objects.get()
        own.smtp_password = "yanlis"
        own.save()
        entry = answer(ticket, elif_)
        drain("mail")
        assert states(entry) == {"ipek@example.com": ("retry", "auth")}
        own.refresh_from_db()
        assert own.send_error == "auth"
        own.smtp_password = "şifre"
        own.save()
        assert attempt(EmailMessage(to=["a@b.example"]), own).code == "letters"
        own.smtp_password = "dogru"
        own.save()
        with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
            drain("mail")
        own.refresh_from_db()
        assert own.send_error == ""
        assert states(entry) == {"ipek@example.com": ("sent", "")}
        assert len(server.taken) == 1


def test_a_server_that_only_this_machine_reaches_is_not_connected_to(
    mailbox, smtp, ticket, elif_, settings
):
    settings.OUTBOUND_PRIVATE = []
    entry = answer(ticket, elif_)
    drain("mail")
    assert states(entry) == {"ipek@example.com": ("retry", "not_allowed")}
    assert smtp.taken == []


def test_files_go_along_as_far_as_a_mail_has_room(mailbox, smtp, ticket, elif_, monkeypatch):
    monkeypatch.setattr(answers, "FILES_MAX_BYTES", 20)
    ids = []
    for name, content in (("fatura.txt", b"1 lira"), ("liste.txt", b"x" * 30)):
        clean = CleanFile(content, "text/plain", name)
        with keep_file(file=clean, by=elif_, now=timezone.now()) as kept:
            ids.append(kept.public_id)
    answer(ticket, elif_, "Ekte.", file_ids=ids)
    drain("mail")
    [sent] = smtp.taken
    [attached] = sent.iter_attachments()
    assert (attached.get_filename(), attached.get_content().strip()) == ("fatura.txt", "1 lira")
    assert "liste.txt" in sent.get_body(("plain",)).get_content()


def test_a_reply_that_is_taken_back_in_time_never_leaves(mailbox, smtp, ticket, elif_, settings):
    settings.IMECE = settings.IMECE | {"REPLY_UNDO_SECONDS": 5}
    entry = answer(ticket, elif_)
    drain("mail")
    assert smtp.taken == []
    unsay(entry=entry, by=elif_, now=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):
        drain("mail")
    assert smtp.taken == []


def test_without_a_mailbox_the_server_of_the_installation_sends(brand, ticket, elif_):
    entry = answer(ticket, elif_)
    drain("mail")
    [sent] = django_mail.outbox
    assert parseaddr(sent.from_email)[0] == "Pazar"
    assert states(entry) == {"ipek@example.com": ("sent", "")}


def test_what_is_no_address_or_one_of_ours_is_told_at_once(mailbox, smtp, ticket, elif_):
    entry = answer(ticket, elif_, cc=["kimse", "Destek@Pazar.example"])
    assert states(entry) | {"ipek@example.com": None} == {
        "kimse": ("failed", "no_address"),
        "Destek@pazar.example": ("failed", "own"),
        "ipek@example.com": None,
    }


def test_nothing_in_names_or_subjects_becomes_a_header(mailbox, smtp, ticket, elif_):
    Mailbox.objects.update(display_name="Pazar\r\nBcc: x@evil.example")
    ticket.subject = "Konu\r\nX-Evil: 1"
    ticket.save()
    answer(ticket, elif_)
    drain("mail")
    [sent] = smtp.taken
    assert sent["Bcc"] is None
    assert sent["X-Evil"] is None
