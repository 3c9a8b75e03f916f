"""A brand's mail server that hangs holds up no other's mail, and loses and repeats none."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as django_mail
from django.db import connection
from django.utils import timezone

from agents.operations.invitations import invite_agent
from agents.operations.passwords import request_password_reset
from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from config.outbox.registry import kinds_of
from tests.support.factories import make_brand, make_role, make_team
from tests.support.mail import Smtp, smtp_server
from tests.support.processes import until
from tests.support.tickets import opened
from tests.tickets.mail.samples import answer, states
from tickets.models import Mailbox, Ticket
from tickets.operations.contacts import create_contact

pytestmark = pytest.mark.django_db(transaction=True)

# Far below what a mail server is given to say that it has a mail, or is there at all.
SOON = 5.0
WORDS = ["Bir", "İki", "Üç", "Dört", "Beş"]


@contextmanager
def draining() -> Iterator[None]:
    """Let a worker do what is due; it has ended when the block has."""

    def work() -> None:
        drain("mail")
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def other(settings: Any, elif_: Any) -> Iterator[tuple[Ticket, Smtp]]:
    """A ticket of another brand, and that brand's server."""
    brand = make_brand(name="Nimbus", default_team=make_team(elif_))
    settings.OUTBOUND_PRIVATE = ["127.0.0.1", "localhost"]
    now = timezone.now()
    with smtp_server() as server:
        Mailbox.objects.create(
            brand=brand,
            address="destek@nimbus.example",
            smtp_host="localhost",
            smtp_port=server.port,
            smtp_security="none",
        )
        contact = create_contact(name="Can", email="can@example.org", language="tr", now=now)
        ticket = opened(brand, contact=contact, source=Ticket.Source.OFFLINE, now=now)
        yield ticket, server


def said_by(smtp: Smtp) -> list[str]:
    """Which word stands in each mail that a server has taken, in its order."""
    plain = [mail.get_body(("plain",)).get_content().split() for mail in smtp.taken]
    return [word for text in plain for word in WORDS if word in text]


def test_a_server_that_takes_a_mail_and_is_silent_keeps_only_its_own_waiting(
    mailbox, smtp, ticket, elif_, other
):
    theirs, healthy = other
    smtp.answers_mails.clear()
    said = [answer(ticket, elif_, word) for word in WORDS]
    with draining():
        assert smtp.handed.acquire(timeout=30)
        answer(theirs, elif_, "Ekte")
        invite_agent(
            email="can@desk.example",
            name="Can",
            language="tr",
            role=make_role(),
            by=None,
            now=timezone.now(),
        )
        request_password_reset(email=elif_.email)
        assert healthy.handed.acquire(timeout=SOON)
        until(lambda: len(django_mail.outbox) == 2)
        assert {mail.to[0] for mail in django_mail.outbox} == {"can@desk.example", elif_.email}
        # No try is counted against what stands behind it.
        assert smtp.taken == []
        assert states(said[1]) == {"ipek@example.com": ("queued", "")}
        smtp.answers_mails.set()
    assert said_by(smtp) == WORDS
    assert len(healthy.taken) == 1
    for entry in said:
        assert states(entry) == {"ipek@example.com": ("sent", "")}
    rows = OutboxEntry.objects.filter(kind__in=kinds_of("mail"))
    assert set(rows.values_list("attempts", flat=True)) == {1}
    assert not rows.filter(done_at=None).exists()


def test_a_server_that_lets_connect_and_never_speaks_keeps_only_its_own_waiting(
    mailbox, smtp, ticket, elif_, other
):
    theirs, healthy = other
    with socket.create_server(("127.0.0.1", 0)) as mute:
        Mailbox.objects.filter(pk=mailbox.pk).update(smtp_port=mute.getsockname()[1])
        mute.settimeout(30)
        said = [answer(ticket, elif_, word) for word in WORDS[:2]]
        with draining():
            connected, _address = mute.accept()
            answer(theirs, elif_, "Ekte")
            assert healthy.handed.acquire(timeout=SOON)
            assert states(said[1]) == {"ipek@example.com": ("queued", "")}
            mute.close()
            connected.close()
    for entry in said:
        assert states(entry) == {"ipek@example.com": ("retry", "unreachable")}
    Mailbox.objects.filter(pk=mailbox.pk).update(smtp_port=smtp.port)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        drain("mail")
    assert said_by(smtp) == WORDS[:2]
    assert len(healthy.taken) == 1
