"""Addresses that mail came back from: told, left alone, and mailed again when somebody says so."""

import pytest
from django.core import mail as django_mail
from django.utils import timezone

from agents.models import AuditEntry, Permission
from config.outbox.operations import drain
from tests.support.factories import make_agent, make_role
from tests.support.http import Desk
from tests.tickets.mail.samples import answer, states
from tickets.mail.send import send_ticket_mail
from tickets.models import DeadAddress, Delivery, Ticket
from tickets.operations.addresses import mark_dead
from tickets.operations.contacts import change_contact, verify_email
from tickets.operations.deliveries import confirm_address, end_delivery
from tickets.rights import TicketNotAuthorised

pytestmark = pytest.mark.django_db

IPEK = "ipek@example.com"


@pytest.fixture
def console(client, elif_):
    client.force_login(elif_)
    return client


@pytest.fixture
def dead(mailbox, smtp, ticket, elif_):
    """The first answer came back: there is no such mailbox."""
    first = answer(ticket, elif_, "Yola çıktı.")
    drain("mail")
    came_back(first.deliveries.get())
    smtp.taken.clear()
    return first


def came_back(delivery, code="absent") -> None:
    end_delivery(
        delivery=delivery,
        state=Delivery.State.FAILED,
        code=code,
        detail="550 5.1.1 no such user",
        now=timezone.now(),
    )


def test_nothing_more_is_mailed_there_and_the_ticket_says_so(dead, smtp, ticket, elif_, console):
    second = answer(ticket, elif_, "Geldi mi?", cc=["can@example.org"])
    drain("mail")
    assert [each["To"] for each in smtp.taken] == ["can@example.org"]
    assert states(second)[IPEK] == ("failed", "dead")
    page = console.get(f"/console/tickets/{ticket.pk}/").content.decode()
    assert "böyle bir posta kutusu yok" in page
    assert "Yine de gönder" in page
    said = {"text": "x", "cid": "c9", "mode": "reply", "seen": 99, "to": IPEK}
    told = console.post(f"/console/tickets/{ticket.pk}/say/", said)["Console-Events"]
    assert "sakland\\u0131" in told
    # Nor by rules and confirmations.
    send_ticket_mail(ticket=ticket, to=IPEK, subject="x", text="x", key="1")
    drain("mail")
    assert len(smtp.taken) == 1
    assert django_mail.outbox == []


def test_what_was_held_back_leaves_once_when_an_agent_sends_anyway(
    dead, smtp, ticket, elif_, console
):
    held = answer(ticket, elif_, "Geldi mi?")
    url = f"/console/tickets/{ticket.pk}/confirm-address/"
    for _ in range(2):
        assert console.post(url, {"delivery": held.deliveries.get().pk}).status_code == 204
        drain("mail")
    assert [each["To"] for each in smtp.taken] == [IPEK]
    assert states(held)[IPEK] == ("sent", "")
    noted = AuditEntry.objects.get(action="address.confirmed")
    assert (noted.data, noted.ip) == ({"email": IPEK}, "127.0.0.1")
    assert "böyle bir posta kutusu yok" not in (
        console.get(f"/console/tickets/{ticket.pk}/").content.decode()
    )
    # It is mailed as before, until it comes back again.
    answer(ticket, elif_, "Bir daha.")
    drain("mail")
    assert len(smtp.taken) == 2
    came_back(held.deliveries.get())
    assert DeadAddress.objects.get().address == IPEK


def test_a_corrected_address_is_mailed_and_the_wrong_one_stays_alone(dead, smtp, ticket, elif_):
    contact = ticket.contact
    changes = {"email": "ipek.sahin@example.com"}
    change_contact(contact=contact, by=elif_, changes=changes, now=timezone.now())
    answer(Ticket.objects.get(), elif_, "Geldi mi?")
    drain("mail")
    assert [each["To"] for each in smtp.taken] == ["ipek.sahin@example.com"]
    assert DeadAddress.objects.get().address == IPEK


def test_who_writes_from_it_is_there(dead, ticket):
    verify_email(contact=ticket.contact, email=IPEK)
    assert not DeadAddress.objects.exists()


@pytest.mark.parametrize("code", ["full", "refused", "later"])
def test_what_may_pass_stops_nothing(mailbox, smtp, ticket, elif_, code):
    came_back(answer(ticket, elif_).deliveries.get(), code)
    assert not DeadAddress.objects.exists()


def test_a_ticket_confirms_no_address_that_it_never_mailed(dead, ticket, elif_):
    mark_dead(address="baska@example.org", detail="", now=timezone.now())
    desk, path = Desk(elif_), f"tickets/{ticket.pk}/confirm-address"
    refused = desk.post(path, {"address": "baska@example.org"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["address"])
    assert DeadAddress.objects.count() == 2
    # What a copy was held back from is the ticket's as well.
    answer(ticket, elif_, "Geldi mi?", cc=["baska@example.org"])
    assert desk.post(path, {"address": "Baska@example.org"}).json() == {"sent": 1}


def test_only_who_sees_the_ticket_confirms_an_address(dead, ticket, elif_, client):
    stranger = make_agent(role=make_role(Permission.REPORTS))
    with pytest.raises(TicketNotAuthorised):
        confirm_address(ticket=ticket, address=IPEK, by=stranger, now=timezone.now())
    client.force_login(stranger)
    assert client.post(f"/console/tickets/{ticket.pk}/confirm-address/").status_code == 404
    desk = Desk(elif_)
    path = f"tickets/{ticket.pk}/confirm-address"
    assert desk.post(path, {"address": "x"}).status_code == 400
    assert desk.post(path, {"address": IPEK}).json() == {"sent": 0}
    assert not DeadAddress.objects.exists()
