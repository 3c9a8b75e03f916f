"""The one mail to whoever opens a ticket by mail, and who never gets it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from config.outbox.operations import drain
from tests.tickets.mail.samples import answer, reply, take_in, written
from tickets.models import Mailbox
from tickets.operations.changes import change_ticket
from tickets.operations.mails import try_again

pytestmark = pytest.mark.django_db


def test_a_new_ticket_is_confirmed_once_with_its_number(mailbox, smtp):
    kept = take_in(mailbox, written("Hello, where is my order? I need it for the weekend."))
    drain("mail")
    [mail] = smtp.taken
    ticket = kept.entry.ticket
    assert (mail["To"], mail["Auto-Submitted"]) == ("zeynep@example.org", "auto-replied")
    assert mail["Subject"] == f"We have received your e-mail [#{ticket.pk}]"
    text = mail.get_body(("plain",)).get_content()
    assert f"ticket #{ticket.pk}" in text
    assert "/t/" in text
    # Anybody may have written this sender: their words go nowhere.
    assert "weekend" not in text
    assert mail["In-Reply-To"] == ticket.mail_ids.get(is_ours=False).message_id
    # What answers it belongs to the ticket, and is not confirmed again.
    again = written("Thanks.", in_reply_to=mail["Message-ID"])
    assert take_in(mailbox, again).entry.ticket == ticket
    drain("mail")
    assert len(smtp.taken) == 1


def test_a_ticket_that_follows_is_confirmed_as_well(mailbox, ticket, sent, smtp, elif_):
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"status": "resolved"})
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        kept = take_in(mailbox, reply(sent))
        drain("mail")
    assert kept.entry.ticket != ticket
    assert f"[#{kept.entry.ticket.pk}]" in smtp.taken[-1]["Subject"]
    assert len(smtp.taken) == 2


@pytest.mark.parametrize("why", ["switched off", "suppressed", "made by an admin", "copied"])
def test_nobody_is_confirmed(mailbox, smtp, ticket, sent, elif_, why):
    mails = len(smtp.taken)
    more = {}
    if why == "switched off":
        Mailbox.objects.update(acknowledges=False)
    if why == "suppressed":
        more = {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"}
    if why == "made by an admin":
        more = {"Precedence": "list"}
    mail = written(**more)
    if why == "copied":
        # Somebody in copy writes in a ticket that was done long ago.
        answer(ticket, elif_, "Bitti.", status="resolved", cc=["zeynep@example.org"])
        mails += 2
        mail = reply(sent, sender="zeynep@example.org")
    drain("mail")
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        kept = take_in(mailbox, mail)
        if why == "made by an admin":
            assert kept.state == "aside"
            try_again(mail=kept, is_wanted=True)
            drain("media")
        kept.refresh_from_db()
        drain("mail")
    assert kept.entry is not None
    assert len(smtp.taken) == mails


def test_one_mailbox_is_not_filled_under_many_spellings(mailbox, smtp):
    for number in range(3):
        take_in(mailbox, written(sender=f"Zeynep+{number}@Example.org"))
    drain("mail")
    assert [mail["To"] for mail in smtp.taken] == ["zeynep+0@example.org"]


def test_one_mailbox_is_confirmed_five_times_a_day_at_most(mailbox, smtp):
    for hour in range(7):
        with time_machine.travel(f"2027-03-01T{hour + 8:02}:00:00Z", tick=False):
            take_in(mailbox, written(f"Soru {hour}"))
            drain("mail")
    assert len(smtp.taken) == 5
