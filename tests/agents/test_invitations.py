"""Invitations: the only way in for new agents."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Permission, StatusInterval
from agents.operations import (
    AlreadyAgent,
    InvitationInvalid,
    accept_invitation,
    invite_agent,
    renew_link,
)
from agents.operations.invitations import mail_invitation
from config.outbox.models import OutboxEntry
from tests.support.factories import make_agent, make_role, make_team

pytestmark = pytest.mark.django_db


def invite(**changes):
    return invite_agent(
        **{
            "email": "yeni@example.com",
            "name": "Yeni",
            "language": "tr",
            "role": make_role(Permission.CHAT),
            "teams": [make_team()],
            "by": None,
            "now": timezone.now(),
        }
        | changes
    )


def link_of(invitation):
    return renew_link(invitation=invitation, now=timezone.now()).removeprefix(
        "http://127.0.0.1:8000"
    )


def accept_with(client, **changes):
    body = {"name": "Yeni Üye", "language": "tr", "password": "bir-parola-7"} | changes
    return client.post("/invitation/", body)


def test_an_invitation_becomes_an_agent_who_is_signed_in(client):
    invitation = invite()
    answer = client.get(link_of(invitation))
    assert answer.url == "/invitation/"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert client.get("/invitation/").status_code == 200
    assert accept_with(client).url == "/console/"
    agent = Agent.objects.get(email="yeni@example.com")
    assert list(agent.teams.all()) == list(invitation.teams.all())
    assert agent.role_grants.get().role == invitation.role
    assert StatusInterval.objects.get(agent=agent).status == "offline"
    assert agent.sort_name
    assert client.get("/profile/").status_code == 200
    assert "Bu cihaz" in client.get("/accounts/sessions/").content.decode()


def test_an_invitation_works_once(client):
    link = link_of(invite())
    client.get(link)
    accept_with(client)
    second = Client()
    second.get(link)
    assert second.get("/invitation/").status_code == 404
    assert accept_with(second, name="Mallory").status_code == 404
    assert Agent.objects.count() == 1


def test_an_old_invitation_does_not_work(client, time_machine):
    link = link_of(invite())
    time_machine.move_to(timezone.now() + timedelta(days=8))
    client.get(link)
    assert accept_with(client).status_code == 404
    assert not Agent.objects.exists()


def test_a_newer_invitation_or_link_replaces_the_older(client):
    invitation = invite()
    first = link_of(invitation)
    second = link_of(invitation)
    client.get(first)
    assert client.get("/invitation/").status_code == 404
    invite()
    client.get(second)
    assert client.get("/invitation/").status_code == 404


@pytest.mark.parametrize("secret", ["x", "x" * 500, "%00", "..%2f"])
def test_a_guessed_link_opens_nothing(client, secret):
    invite()
    assert client.get(f"/invitation/{secret}/").status_code in {400, 404}
    assert client.get("/invitation/").status_code == 404
    # Guessing leaves no rows behind.
    assert not Session.objects.exists()


def test_the_mail_carries_the_link_in_the_persons_language(client):
    invitation = invite()
    stored = invitation.token_hash
    mail_invitation({"invitation": invitation.pk})
    invitation.refresh_from_db()
    assert invitation.token_hash != stored
    message = mail.outbox[0]
    assert message.to == ["yeni@example.com"]
    path = re.search(r"http://127.0.0.1:8000(\S+)", message.body).group(1)
    [(page, _kind)] = message.alternatives
    assert f'<a href="http://127.0.0.1:8000{path}"' in page
    assert '<html lang="tr">' in page
    client.get(path)
    assert client.get("/invitation/").status_code == 200
    assert invitation.token_hash not in message.body


def test_no_secret_of_an_invitation_waits_in_the_database():
    invite()
    entry = OutboxEntry.objects.get()
    assert set(entry.payload) == {"invitation"}


def test_an_agent_is_not_invited_again():
    make_agent(email="elif@example.com")
    with pytest.raises(AlreadyAgent):
        invite(email="ELIF@example.com")


def test_a_weak_password_keeps_what_was_typed(client):
    client.get(link_of(invite()))
    answer = accept_with(client, password="short")
    assert answer.status_code == 200
    assert 'value="Yeni Üye"' in answer.content.decode()
    assert not Agent.objects.exists()


def test_the_page_stays_in_the_language_of_the_invitation_until_another_is_chosen(client):
    browser = {"HTTP_ACCEPT_LANGUAGE": "en"}
    client.get(link_of(invite()), **browser)
    assert "Hoş geldiniz" in client.get("/invitation/", **browser).content.decode()
    answer = client.post("/invitation/", {"name": "x", "password": "short"}, **browser)
    assert "Hoş geldiniz" in answer.content.decode()
    client.post("/language/", {"language": "en", "next": "/invitation/"})
    text = client.get("/invitation/", **browser).content.decode()
    assert "Welcome" in text
    assert '<option value="en" selected>' in text


def test_an_invitation_for_somebody_who_became_an_agent_meanwhile_is_void():
    link = link_of(invite())
    make_agent(email="yeni@example.com")
    with pytest.raises(InvitationInvalid):
        accept_invitation(
            secret=link.split("/")[-2],
            name="x",
            password="bir-parola-7",
            language="tr",
            now=timezone.now(),
        )
