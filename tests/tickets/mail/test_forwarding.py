"""Addresses whose mail is forwarded to a mailbox: they are the house's own."""

import pytest

from config.outbox.operations import drain
from tests.support.factories import make_brand
from tests.tickets.mail.samples import answer, reply, states, take_in, written
from tickets.models import Mailbox

pytestmark = pytest.mark.django_db

INFO = "info@pazar.example"


@pytest.fixture(autouse=True)
def _is_forwarded(mailbox):
    mailbox.also_at = [INFO]
    mailbox.save()


def test_the_address_that_a_customer_wrote_to_is_no_copy_of_the_answer(mailbox, smtp, elif_):
    mail = written(to="Info@Pazar.example, ali@example.org", reply_to=INFO)
    ticket = take_in(mailbox, mail).entry.ticket
    assert ticket.cc == ["ali@example.org"]
    drain("mail")
    smtp.taken.clear()
    answer(ticket, elif_, "Yolda.")
    drain("mail")
    assert {each["To"] for each in smtp.taken} == {"zeynep@example.org", "ali@example.org"}
    take_in(mailbox, reply(smtp.taken[0], "Sağ olun.", sender="zeynep@example.org", cc=INFO))
    ticket.refresh_from_db()
    assert ticket.cc == ["ali@example.org"]


def test_nothing_is_mailed_to_what_would_come_straight_back(ticket, elif_, smtp):
    entry = answer(ticket, elif_, cc=["INFO@pazar.example"])
    drain("mail")
    assert states(entry)["INFO@pazar.example"] == ("failed", "own")
    assert [each["To"] for each in smtp.taken] == ["ipek@example.com"]


def test_what_says_that_it_comes_from_there_says_nothing_in_anybodys_name(mailbox, ticket, sent):
    kept = take_in(mailbox, reply(sent, "İade edildi.", sender=INFO))
    assert (kept.state, kept.reason) == ("aside", "own")
    other = Mailbox.objects.create(brand=make_brand(), address="yardim@bulut.example")
    assert take_in(other, written(sender=INFO)).reason == "own"


GROUP = {
    "to": f"Pazar <{INFO}>",
    "precedence": "list",
    "list_id": "<info.pazar.example>",
    "list_post": f"<https://groups.example/post>, <mailto:{INFO}>",
    "list_unsubscribe": "<https://groups.example/leave>",
}


def test_what_a_person_writes_to_a_group_of_ours_opens_a_ticket_that_no_machine_answers(
    mailbox, smtp
):
    entry = take_in(mailbox, written(**GROUP)).entry
    assert entry.data["unanswerable"] is True
    assert "automatic" not in entry.data
    drain("mail")
    assert smtp.taken == []


@pytest.mark.parametrize(
    "other",
    [
        {"to": "haber@example.org"},
        {"list_post": "NO"},
        {"precedence": "bulk"},
        {"auto_submitted": "auto-replied"},
        {"sender": "noreply@example.org"},
        {"subject": "Otomatik yanıt: Ofis dışındayım"},
    ],
)
def test_lists_that_are_none_of_ours_and_machines_in_ours_are_still_put_aside(mailbox, other):
    kept = take_in(mailbox, written(**GROUP | other))
    assert (kept.state, kept.reason) == ("aside", "automatic")
