"""Tickets that follow those which were done long ago."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from config.outbox.operations import drain
from tests.support.tickets import opened
from tests.tickets.mail.samples import answer, reply, take_in, written
from tickets.mail.inbound import ingest as module
from tickets.models import Ticket
from tickets.operations.changes import change_ticket
from tickets.tokens import page_token

pytestmark = pytest.mark.django_db


def test_mails_to_a_ticket_done_long_ago_open_no_more_than_others(
    mailbox, sent, ticket, elif_, monkeypatch
):
    monkeypatch.setattr(module, "TICKETS_MAX", 1)
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"status": "resolved"})
    with time_machine.travel(timezone.now() + timedelta(days=60)):
        take_in(mailbox, written(sender="ipek@example.com"))
        kept = take_in(mailbox, reply(sent, "Yine ben."))
    assert (kept.state, kept.reason) == ("aside", "too_many")


def test_a_ticket_done_long_ago_is_followed_by_a_new_one(mailbox, ticket, sent, elif_):
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"status": "resolved"})
    with time_machine.travel(timezone.now() + timedelta(days=6), tick=True):
        take_in(mailbox, reply(sent, "Hâlâ gelmedi."))
        ticket.refresh_from_db()
        assert ticket.status == "open"
        change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"status": "closed"})
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=True):
        new = take_in(mailbox, reply(sent, "Yine ben.")).entry.ticket
    ticket.refresh_from_db()
    assert (new.data, new.contact, ticket.status) == (
        {"follows": ticket.pk},
        ticket.contact,
        "closed",
    )
    assert f"#{ticket.pk}" in new.entries.get(kind="note").body
    assert f"#{new.pk}" in ticket.entries.filter(kind="note").latest("seq").body


def test_one_ticket_follows_however_often_the_old_one_is_answered(
    mailbox, sent, ticket, elif_, monkeypatch
):
    monkeypatch.setattr(module, "TICKETS_MAX", 1)
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"status": "closed"})
    with time_machine.travel(timezone.now() + timedelta(days=60), tick=True):
        first, *more = [take_in(mailbox, reply(sent, words)).entry for words in ("1", "2", "3")]
        assert {entry.ticket for entry in more} == {first.ticket}
        change = {"status": "resolved"}
        change_ticket(ticket=first.ticket, by=elif_, now=timezone.now(), changes=change)
    with time_machine.travel(timezone.now() + timedelta(days=120), tick=True):
        assert take_in(mailbox, reply(sent, "4")).entry.ticket.data == {"follows": first.ticket.pk}


def test_what_is_answered_elsewhere_leaves_the_customers_other_address_out(
    mailbox, smtp, brand, ticket, elif_, client
):
    """Anybody may have typed either: neither reads, opens or joins what the other was sent."""
    other = opened(brand, contact=ticket.contact, email="yeni@example.com")
    answer(other, elif_, "Bugün yola çıktı.", status="resolved")
    drain("mail")
    [mail] = smtp.taken
    assert (mail["To"], "/t/" in mail.as_string()) == ("yeni@example.com", True)
    mine = page_token(Ticket(pk=other.pk, contact=ticket.contact), now=timezone.now())
    theirs = page_token(other, now=timezone.now())
    for token, status in ((mine, 404), (theirs, 302)):
        link = reverse("ticket-link", args=[other.pk, token])
        assert client.get(link).status_code == status
    guess = written(sender="ipek@example.com", subject=f"İade [#{other.pk}]")
    assert take_in(mailbox, guess).entry.ticket != other
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=True):
        again = reply(mail, "Yine ben.", sender="yeni@example.com")
        new = take_in(mailbox, again).entry.ticket
    assert (new.data, new.address) == ({"follows": other.pk}, "yeni@example.com")
    ticket.contact.refresh_from_db()
    assert (ticket.contact.email, ticket.contact.is_email_verified) == ("ipek@example.com", False)


def test_who_stood_in_copy_of_a_ticket_stands_in_copy_of_the_one_that_follows(
    mailbox, smtp, ticket, elif_
):
    answer(ticket, elif_, "Bugün yola çıktı.", status="closed", cc=["can@example.org"])
    drain("mail")
    [sent] = [each for each in smtp.taken if each["To"] == "ipek@example.com"]
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=True):
        again = reply(sent, "Yine ben.", cc="CAN@example.org, su@example.org")
        new = take_in(mailbox, again).entry.ticket
        assert (new.data, new.cc) == (
            {"follows": ticket.pk},
            ["can@example.org", "su@example.org"],
        )
