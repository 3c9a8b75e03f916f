"""What rules answer by mail: once, marked, and never to a machine for long."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automation.models import Effect, Rule
from automation.rules.writing import add_rule
from config.outbox.operations import drain
from tests.support.desk import work_all
from tests.support.http import Desk
from tests.tickets.mail.samples import take_in, written
from tests.tickets.mail.test_authenticity import FAILED
from tickets.mail.words import deliveries_shown
from tickets.models import Mailbox, Ticket
from tickets.operations.blocking import block_sender
from tickets.operations.mails import try_again
from tickets.tokens import ticket_of_address, ticket_of_message_id

pytestmark = pytest.mark.django_db
THANKS = "Talebiniz bize ulaştı, bugün yanıtlayacağız."


@pytest.fixture
def answers() -> Rule:
    """Answers each mail of a customer."""
    Mailbox.objects.update(acknowledges=False)
    told = {"subject": "ticket", "mode": "on", "fires": "every", "by": None}
    told |= {"actions": [{"action": "send_message", "text": {"tr": THANKS, "en": THANKS}}]}
    is_word = {"field": "change", "operator": "is", "value": "customer_word"}
    now = timezone.now()
    add_rule(name="Her söze", when="updated", all=[is_word], now=now, **told)
    return add_rule(name="Yanıt", when="incoming", now=now, **told)


def mailed() -> None:
    """Let all workers do what is due, and what follows from that."""
    work_all()
    drain("mail")


def test_who_writes_is_answered_once_in_the_thread_of_the_mail(mailbox, smtp, answers, elif_):
    kept = take_in(mailbox, written())
    mailed()
    mailed()
    [mail] = smtp.taken
    ticket = kept.entry.ticket
    assert (mail["To"], mail["Auto-Submitted"]) == ("zeynep@example.org", "auto-replied")
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["In-Reply-To"] == ticket.mail_ids.get(is_ours=False).message_id
    text = mail.get_body(("plain",)).get_content()
    assert THANKS in text
    assert "Yanıt" not in text.replace(THANKS, "")
    ticket.refresh_from_db()
    # Nobody has answered yet: it still stands among those that wait.
    assert (ticket.status, ticket.preview_author) == ("new", "customer")
    assert ticket.preview == "Merhaba, kargom nerede?"
    line = ticket.entries.get(author_kind="bot", kind="message")
    [shown] = [
        each
        for each in Desk(elif_).get(f"tickets/{ticket.pk}/entries").json()["entries"]
        if each["seq"] == line.seq
    ]
    assert shown["author"] == {"kind": "bot", "id": "", "name": "Yanıt"}
    assert [each["state"] for each in shown["delivery"]] == ["sent"]


def test_what_became_of_a_rules_answer_is_told_in_its_ticket(mailbox, smtp, answers):
    smtp.answers["zeynep@example.org"] = "552 5.2.2 Mailbox full"
    ticket = take_in(mailbox, written()).entry.ticket
    mailed()
    line = ticket.entries.get(author_kind="bot", kind="message")
    [shown] = deliveries_shown([line], timezone.now())[line.pk]
    assert (shown["address"], shown["state"]) == ("zeynep@example.org", "failed")
    assert shown["is_bad"]


def test_an_address_of_the_house_gets_nothing_that_brings_words_into_the_ticket(mailbox, smtp):
    Mailbox.objects.update(acknowledges=False, has_plus=True, imap_host="imap.example")
    words = {"subject": {"tr": "Yeni talep"}, "text": {"tr": "Bakar mısınız?"}}
    mails = [{"action": "send_email", "to": to} | words for to in ("depo@x.example", "customer")]
    told = {"subject": "ticket", "mode": "on", "by": None, "now": timezone.now()}
    add_rule(name="Depo", when="incoming", fires="every", actions=mails, **told)
    ticket = take_in(mailbox, written()).entry.ticket
    mailed()
    sent = {each["To"]: each for each in smtp.taken}
    theirs, house = sent["zeynep@example.org"], sent["depo@x.example"]
    assert ticket_of_message_id(theirs["Message-ID"]) == ticket.pk
    assert ticket_of_address(theirs["Reply-To"]) == ticket.pk
    assert house["Message-ID"].endswith("@pazar.example>")
    assert ticket_of_message_id(house["Message-ID"]) is None
    assert (house["Reply-To"], house["References"], house["In-Reply-To"]) == (None, None, None)
    known = ticket.mail_ids.filter(is_ours=True).values_list("message_id", flat=True)
    assert list(known) == [theirs["Message-ID"]]
    # Nor is it asked to answer.
    assert "##-" not in house.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    "why", ["suppressed", "made by an admin", "doubtful", "blocked", "no address"]
)
def test_who_is_not_to_be_answered_by_a_machine_is_not(mailbox, smtp, answers, boss, why):
    marks = {
        "suppressed": {"X_Auto_Response_Suppress": "OOF, AutoReply"},
        "made by an admin": {"Precedence": "list"},
        "doubtful": {"Authentication_Results": FAILED},
    }
    kept = take_in(mailbox, written(**marks.get(why, {})))
    if why == "made by an admin":
        try_again(mail=kept, is_wanted=True)
        drain("media")
        kept.refresh_from_db()
    ticket = kept.entry.ticket
    if why == "blocked":
        block_sender(ticket=ticket, by=boss, now=timezone.now())
        Ticket.objects.update(is_spam=False)
    if why == "no address":
        ticket.contact.email = ""
        ticket.contact.save()
    mailed()
    assert smtp.taken == []
    reason = {"blocked": "blocked", "no address": "no_address"}.get(why, "automatic")
    assert Effect.objects.get(done=False).reason == reason


def test_an_absent_customer_is_not_answered(mailbox, smtp, answers):
    take_in(mailbox, written())
    mailed()
    [mail] = smtp.taken
    absent = written("Tatildeyim.", in_reply_to=mail["Message-ID"], auto_submitted="auto-replied")
    assert take_in(mailbox, absent).entry is not None
    mailed()
    assert len(smtp.taken) == 1


@pytest.mark.usefixtures("early_in_the_hour")
@pytest.mark.parametrize("threads", [True, False])
def test_two_helpdesks_that_answer_every_mail_stop_within_two(mailbox, smtp, answers, threads):
    """One that marks what it sends, and one that doesn't, in the thread or with new tickets."""
    for number in range(5):
        more = {"in_reply_to": smtp.taken[-1]["Message-ID"]} if threads and smtp.taken else {}
        take_in(mailbox, written(f"We got mail {number}.", sender="help@desk.example", **more))
        mailed()
    assert len(smtp.taken) == 2
    assert "limit" in set(Effect.objects.values_list("reason", flat=True))


def test_taking_a_mail_in_costs_no_more_with_rules(mailbox, smtp, answers):
    Rule.objects.all().delete()
    counts = []
    for number in range(2):
        if number:
            told = {"mode": "on", "by": None, "now": timezone.now(), "subject": "ticket"}
            add_rule(name="x", when="incoming", actions=[{"action": "stop"}], **told)
        with CaptureQueriesContext(connection) as asked:
            take_in(mailbox, written(sender=f"z{number}@example.org"))
        counts.append(len(asked))
    assert counts[0] == counts[1]
