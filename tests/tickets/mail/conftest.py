"""A brand with a mailbox and a server of its own, and a ticket that Elif answers."""

import html
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import Permission
from config.outbox.operations import drain
from tests.support.factories import make_agent, make_brand, make_role, make_team
from tests.support.mail import Smtp, smtp_server
from tests.tickets.mail.samples import answer
from tickets.models import Mailbox, Ticket
from tickets.operations.contacts import create_contact
from tickets.operations.entries import Said
from tickets.operations.tickets import open_ticket


@pytest.fixture(autouse=True)
def _answers_leave_at_once(settings) -> None:
    settings.IMECE = settings.IMECE | {"REPLY_UNDO_SECONDS": 0}


@pytest.fixture
def smtp(settings) -> Iterator[Smtp]:
    """The brand's server, next door."""
    settings.OUTBOUND_PRIVATE = ["127.0.0.1"]
    with smtp_server() as server:
        yield server


@pytest.fixture
def elif_():
    return make_agent(role=make_role(), name="Elif Kaya")


@pytest.fixture
def seen(elif_):
    """What Elif sees of a ticket on her desk."""
    desk = Client()
    desk.force_login(elif_)

    def read(ticket: Ticket) -> str:
        page = desk.get(f"{reverse('ticket', args=[ticket.pk])}?part=ticket")
        return html.unescape(page.content.decode())

    return read


@pytest.fixture
def boss():
    """Who opens the administration."""
    return make_agent(role=make_role(Permission.ADMIN), is_staff=True, language="en")


@pytest.fixture
def boss_client(client, boss):
    client.force_login(boss)
    return client


@pytest.fixture
def brand(elif_):
    return make_brand(name="Pazar", default_team=make_team(elif_))


@pytest.fixture
def mailbox(brand, smtp) -> Mailbox:
    return Mailbox.objects.create(
        brand=brand,
        address="destek@pazar.example",
        display_name="Pazar Destek",
        signature_tr="Sevgiler, Pazar",
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_security="none",
    )


@pytest.fixture
def ticket(brand) -> Ticket:
    now = timezone.now()
    return open_ticket(
        brand=brand,
        contact=create_contact(name="İpek Şahin", email="ipek@example.com", language="tr", now=now),
        topic=None,
        subject="İade nasıl olur?",
        said=[Said(body="Kargom nerede?", at=now)],
        language="tr",
        source=Ticket.Source.OFFLINE,
        data={},
        origin_key=None,
        by=None,
        now=now,
    )


@pytest.fixture
def sent(mailbox, smtp, ticket, elif_) -> EmailMessage:
    """The mail with which Elif answered İpek."""
    answer(ticket, elif_, "Bugün yola çıktı.", status="waiting")
    drain("mail")
    return smtp.taken[0]
