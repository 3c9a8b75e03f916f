"""An answer that a server does not take: its ticket says so, and is worked on again."""

from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.utils import timezone

from agents.actors import Rule
from config.outbox.operations import drain
from reports.facts.tickets import write_ticket_facts
from reports.models import TicketFact
from tests.tickets.mail.samples import answer, states
from tickets.models import Ticket
from tickets.operations.automatic import reply_by_rule
from tickets.operations.changes import change_ticket

pytestmark = pytest.mark.django_db

IPEK = "ipek@example.com"


def told(ticket, announced) -> list[str]:
    """Return the notes of a ticket; each was told with its number."""
    notes = list(ticket.entries.filter(kind="note").order_by("seq"))
    events = [each for each in announced if each.name == "ticket.undelivered"]
    assert [(each.ticket_id, each.seq) for each in events] == [(ticket.pk, n.seq) for n in notes]
    return [note.body for note in notes]


@pytest.mark.parametrize("status", ["waiting", "resolved"])
def test_an_answer_that_is_refused_brings_its_ticket_back_to_work(
    mailbox, smtp, ticket, elif_, announced, status
):
    smtp.answers[IPEK] = "552 5.2.2 Over quota"
    answer(ticket, elif_, status=status)
    assert Ticket.objects.get().status == status
    drain("mail")
    assert Ticket.objects.get().status == "open"
    assert told(ticket, announced) == [
        f"{IPEK} adresine giden e-posta ulaştırılamadı. Alıcının posta kutusu dolu."
    ]
    # Each status goes on where the one before it left off, which is what figures read.
    moves = ticket.entries.filter(kind="status").order_by("seq").values_list("data", flat=True)
    steps = ["new", status, "open"]
    assert [(each["from"], each["to"]) for each in moves] == [*pairwise(steps)]
    write_ticket_facts(ticket_ids=[ticket.pk])
    assert bool(TicketFact.objects.get().first_reopened_at) is (status == "resolved")


def test_an_answer_that_is_given_up_is_told_once_and_not_at_each_try(
    mailbox, smtp, ticket, elif_, announced
):
    smtp.answers[IPEK] = "451 4.7.1 Greylisted"
    entry = answer(ticket, elif_, status="waiting")
    drain("mail")
    assert (told(ticket, announced), Ticket.objects.get().status) == ([], "waiting")
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=True):
        drain("mail")
        drain("mail")
    assert states(entry) == {IPEK: ("failed", "later")}
    [note] = told(ticket, announced)
    assert note.endswith("İki gün boyunca denendi.")
    assert Ticket.objects.get().status == "open"


def test_what_is_put_on_hold_or_closed_stays_so_and_is_told(
    mailbox, smtp, ticket, elif_, announced
):
    smtp.answers[IPEK] = "554 5.7.1 Blocked"
    for number, status in enumerate(("on_hold", "closed"), start=1):
        answer(ticket, elif_, status=status)
        drain("mail")
        assert Ticket.objects.get().status == status
        assert len(told(ticket, announced)) == number


def test_what_a_rule_says_of_a_resolved_ticket_does_not_reopen_it(
    mailbox, smtp, ticket, elif_, announced
):
    smtp.answers[IPEK] = "554 5.7.1 Blocked"
    for status in ("resolved", "waiting"):
        now = timezone.now()
        change_ticket(ticket=ticket, by=elif_, now=now, changes={"status": status})
        rule = Rule(id=1, name="Teşekkür")
        reply_by_rule(ticket=ticket, text="Bitti.", by=rule, client_id=status, now=now)
        drain("mail")
        assert Ticket.objects.get().status == ("open" if status == "waiting" else status)
    assert len(told(ticket, announced)) == 2


def test_what_is_known_when_the_reply_is_written_is_said_there(mailbox, ticket, elif_, announced):
    answer(ticket, elif_, to="kimse", cc=["destek@pazar.example"], status="waiting")
    assert (told(ticket, announced), Ticket.objects.get().status) == ([], "waiting")
