"""Mail that a server brings by HTTP: who may, what it becomes, and what is refused."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from config.asgi import application
from config.outbox.operations import drain
from tests.support.factories import make_brand
from tests.support.sockets import db
from tests.tickets.mail.samples import written
from tickets.mail.inbound.parts import SIZE_MAX
from tickets.models import Mailbox, RawMail, Ticket
from tickets.operations.mailbox_secrets import make_hook_secret

pytestmark = pytest.mark.django_db


class Server:
    """A mail server that knows a mailbox's address and maybe its secret."""

    def __init__(self, mailbox: Mailbox, secret: str) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.url = reverse("mail-hook", args=[mailbox.hook_id])
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def brings(self, mail: Any) -> Any:
        return self.client.post(
            self.url, bytes(mail), content_type="message/rfc822", headers=self.headers
        )

    def asks(self, pk: str) -> Any:
        return self.client.get(f"{self.url}{pk}/", headers=self.headers)


@pytest.fixture
def server(mailbox):
    return Server(mailbox, make_hook_secret(mailbox=mailbox))


def test_a_mail_becomes_a_ticket_once_however_often_it_is_brought(server, mailbox):
    mail = written("Merhaba, kargom nerede?")
    first, again = server.brings(mail), server.brings(mail)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    pk = first.json()["id"]
    assert server.asks(pk).json() == {"waiting": True}
    drain("media")
    ticket = Ticket.objects.get()
    entry = ticket.entries.get(kind="message")
    assert entry.body == "Merhaba, kargom nerede?"
    assert server.asks(pk).json() == {"ticket": str(ticket.pk), "entry": str(entry.seq)}
    assert RawMail.objects.get().mailbox == mailbox


def test_what_nothing_was_made_of_is_told_with_the_reason(server):
    pk = server.brings(written(Auto_Submitted="auto-replied")).json()["id"]
    drain("media")
    assert server.asks(pk).json() == {"dropped": "automatic"}
    assert server.asks("999999").status_code == 404


def test_nobody_brings_or_asks_without_the_secret(server, mailbox, brand):
    pk = server.brings(written()).json()["id"]
    other = Mailbox.objects.create(brand=make_brand(name="Baska"), address="x@y.example")
    for who in (Server(mailbox, ""), Server(mailbox, "wrong"), Server(other, "")):
        refused = who.brings(written("Sokulan"))
        assert (refused.status_code, refused["Content-Type"]) == (401, "application/problem+json")
        assert who.asks(pk).status_code == 401
    # One mailbox's secret opens no other.
    stranger = Server(other, make_hook_secret(mailbox=other))
    assert stranger.asks(pk).status_code == 404
    server.url = reverse("mail-hook", args=[uuid4()])
    assert server.brings(written()).status_code == 401
    assert RawMail.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("length", [b"20000000", None])
async def test_of_a_mail_whose_bringer_does_not_know_the_secret_nothing_is_read(mailbox, length):
    secret = await db(lambda: make_hook_secret(mailbox=mailbox))
    read, sent = [], []

    async def receive():
        read.append(1)
        return {"type": "http.request", "body": bytes(written("Merhaba")), "more_body": False}

    async def send(message):
        sent.append(message)

    async def bring(secret):
        headers = [(b"host", b"testserver"), (b"authorization", f"Bearer {secret}".encode())]
        headers += [(b"content-length", length)] if length else []
        scope = {"type": "http", "method": "POST", "headers": headers, "query_string": b""}
        path = reverse("mail-hook", args=[mailbox.hook_id])
        await application(scope | {"path": path, "client": ["10.0.0.9", 1]}, receive, send)
        return sent[-2]

    refused = await bring("guess")
    assert (refused["status"], read) == (401, [])
    assert (b"connection", b"close") in refused["headers"]
    assert any(name.lower() == b"www-authenticate" for name, _value in refused["headers"])
    assert (await bring(secret))["status"] == 202


def test_a_new_secret_leaves_one_before_it_in_use(server, mailbox):
    second = Server(mailbox, make_hook_secret(mailbox=mailbox))
    assert [each.brings(written()).status_code for each in (server, second)] == [202, 202]
    make_hook_secret(mailbox=mailbox)
    assert [each.brings(written()).status_code for each in (server, second)] == [401, 202]


def test_whoever_guesses_secrets_is_stopped(mailbox):
    guesser = Server(mailbox, "guess")
    answers = [guesser.brings(written()).status_code for _ in range(32)]
    assert answers[0] == 401
    assert answers[-1] == 429


def test_what_is_empty_or_too_large_is_refused(server):
    assert server.brings(b"").status_code == 400
    assert server.brings(b"x" * (SIZE_MAX + 1)).status_code == 413
    assert server.client.get(server.url, headers=server.headers).status_code == 405
    assert not RawMail.objects.exists()


def test_an_inactive_brand_takes_nothing(server, brand):
    brand.is_active = False
    brand.save()
    assert server.brings(written()).status_code == 401


def test_the_secret_is_shown_once_and_never_again(boss_client, mailbox):
    page = reverse("admin:tickets_mailbox_change", args=[mailbox.pk])
    assert "/hooks/mail/" not in boss_client.get(page).content.decode()
    body = {"action": "new_secret", "_selected_action": mailbox.pk}
    listed = reverse("admin:tickets_mailbox_changelist")
    told = boss_client.post(listed, body, follow=True).content.decode()
    mailbox.refresh_from_db()
    secret = told.split("shown again: ")[1].split("<")[0].strip()
    assert Server(mailbox, secret).brings(written()).status_code == 202
    again = boss_client.get(page).content.decode()
    assert f"/hooks/mail/{mailbox.hook_id}/" in again
    assert secret not in again
    assert mailbox.hook_secrets[0] not in again
