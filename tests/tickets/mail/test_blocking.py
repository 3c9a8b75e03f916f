"""Senders from whom nothing is wanted: what becomes of their mail, and how they come back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from config.outbox.operations import drain
from tests.support.factories import make_brand
from tests.support.http import Desk
from tests.tickets.mail.samples import take_in, written
from tickets.models import BlockedSender, Mailbox, Ticket
from tickets.operations.blocking import block_sender, unblock_sender
from tickets.operations.contacts import verify_email
from tickets.operations.mails import try_again

pytestmark = pytest.mark.django_db


def test_nothing_is_made_of_a_blocked_senders_mail_until_somebody_unblocks(mailbox, elif_):
    first = take_in(mailbox, written("Ucuz saat!", sender="Spam <Zeynep@Example.org>"))
    ticket = first.entry.ticket
    block_sender(ticket=ticket, by=elif_, now=timezone.now(), reason="reklam")
    ticket.refresh_from_db()
    assert ticket.is_spam
    drain("mail")
    for mail in (written("Yine."), written(in_reply_to=first.entry.mails.get().subject)):
        kept = take_in(mailbox, mail)
        assert (kept.state, kept.reason, kept.entry) == ("aside", "blocked", None)
    # Others write as before, and an admin gets this one all the same.
    assert take_in(mailbox, written(sender="ali@example.org")).entry is not None
    try_again(mail=kept, is_wanted=True)
    drain("media")
    kept.refresh_from_db()
    assert kept.entry is not None
    unblock_sender(ticket=ticket, by=elif_, now=timezone.now())
    ticket.refresh_from_db()
    assert not ticket.is_spam
    assert take_in(mailbox, written("Merhaba, özür dilerim.")).entry is not None


def test_a_sender_whom_one_brand_blocks_still_writes_to_another(mailbox, elif_, boss):
    ticket = take_in(mailbox, written("Ucuz saat!")).entry.ticket
    other = Mailbox.objects.create(brand=make_brand(), address="yardim@diger.example")
    block_sender(ticket=ticket, by=elif_, now=timezone.now())
    assert take_in(mailbox, written("Yine.")).reason == "blocked"
    assert take_in(other, written("Merhaba.", to=other.address)).entry is not None
    # What is blocked for all brands, one of them does not unblock.
    BlockedSender.objects.create(address="zeynep@example.org", agent=boss)
    unblock_sender(ticket=ticket, by=elif_, now=timezone.now())
    assert take_in(mailbox, written("Ve yine.")).reason == "blocked"
    assert take_in(other, written("Merhaba?", to=other.address)).reason == "blocked"


def test_a_block_ends_by_its_date(mailbox, elif_):
    now = timezone.now()
    BlockedSender.objects.create(address="zeynep@example.org", until=now + timedelta(days=1))
    assert take_in(mailbox, written("bir")).reason == "blocked"
    BlockedSender.objects.update(until=now - timedelta(seconds=1))
    assert take_in(mailbox, written("iki")).entry is not None


def test_an_admin_blocks_finds_and_unblocks_addresses(boss_client, boss):
    add = reverse("admin:tickets_blockedsender_add")
    boss_client.post(add, {"address": "Bad@Example.org", "reason": "spam"})
    row = BlockedSender.objects.get()
    assert (row.address, row.agent) == ("bad@example.org", boss)
    again = boss_client.post(add, {"address": "bad@example.org", "reason": ""})
    assert "This address is blocked already." in again.content.decode()
    listed = boss_client.get(reverse("admin:tickets_blockedsender_changelist")).content.decode()
    assert "bad@example.org" in listed
    delete = reverse("admin:tickets_blockedsender_delete", args=[row.pk])
    boss_client.post(delete, {"post": "yes"})
    assert not BlockedSender.objects.exists()


def test_mail_of_blocked_senders_needs_no_look(mailbox, boss_client):
    BlockedSender.objects.create(address="zeynep@example.org")
    take_in(mailbox, written(subject="Ucuz saat"))
    page = reverse("admin:tickets_rawmail_changelist")
    assert "Ucuz saat" not in boss_client.get(page).content.decode()
    shown = boss_client.get(page, {"state": "all"}).content.decode()
    assert "Its sender is blocked." in shown


def test_whose_address_was_only_typed_is_not_blocked(elif_, mailbox, ticket):
    answer = Desk(elif_).post(f"tickets/{ticket.pk}/block", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_email")
    assert take_in(mailbox, written(sender="ipek@example.com")).entry is not None


def test_the_api_blocks_and_unblocks(elif_, ticket):
    desk = Desk(elif_)
    verify_email(contact=ticket.contact, email="ipek@example.com")
    answer = desk.post(f"tickets/{ticket.pk}/block", {"reason": "reklam"})
    assert (answer.status_code, answer.json()["spam"]) == (200, True)
    assert BlockedSender.objects.get().reason == "reklam"
    answer = desk.call("DELETE", f"tickets/{ticket.pk}/block")
    assert (answer.status_code, answer.json()["spam"]) == (200, False)
    assert not BlockedSender.objects.exists()
    Ticket.objects.get().contact.identities.all().delete()
    ticket.contact.email = ""
    ticket.contact.save()
    answer = desk.post(f"tickets/{ticket.pk}/block", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_email")
