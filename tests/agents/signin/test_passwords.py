"""A new password, and what it ends."""

import re

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Permission
from agents.operations import (
    change_password,
    create_token,
    disable_agent,
    give_role,
)
from agents.operations.passwords import mail_password_reset
from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from tests.support.accounts import LOGIN, PASSWORD, is_in, sign_in
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db


def revoked(announced):
    return [e.session_key for e in announced if e.name == "agent.revoked"]


def test_reset_answers_the_same_for_known_and_unknown_addresses(agent, django_assert_num_queries):
    answers = []
    for email in ("elif@example.com", "nobody@example.com"):
        client = Client()
        client.get(LOGIN)
        with django_assert_num_queries(3):  # savepoint, outbox row, release
            answer = client.post("/accounts/password/reset/", {"email": email})
        answers.append((answer.status_code, answer.url, answer.content))
    assert answers[0] == answers[1]
    assert mail.outbox == []
    assert OutboxEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("language", "words"), [("en", "once, for 3 days."), ("tr", "bir kez ve 3 gün boyunca")]
)
def test_the_mail_says_how_long_its_link_works(agent, language, words):
    Agent.objects.filter(pk=agent.pk).update(language=language)
    mail_password_reset({"email": agent.email})
    assert words in mail.outbox[0].body
    assert words in mail.outbox[0].alternatives[0][0]


@pytest.mark.parametrize(
    "typed", ["ELİF@EXAMPLE.COM", " Elİf@Example.com ", "ELI\u0307F@EXAMPLE.COM"]
)
def test_a_reset_reaches_the_account_however_its_address_is_typed(agent, client, typed):
    assert client.post("/accounts/password/reset/", {"email": typed}).status_code == 302
    drain("mail")
    assert [message.to for message in mail.outbox] == [["elif@example.com"]]


def test_the_reset_link_works_once_and_ends_everything_else(agent):
    old = Client()
    sign_in(old)
    create_token(agent=agent, name="x", by=agent)
    mail_password_reset({"email": agent.email})
    link = re.search(r"http\S+", mail.outbox[0].body).group()
    assert link.startswith("http://127.0.0.1:8000/accounts/password/reset/key/")
    client = Client()
    page = client.get(link, follow=True)
    assert link not in page.redirect_chain[-1][0]
    new = "another-word-7"
    done = client.post(
        page.redirect_chain[-1][0], {"password1": new, "password2": new}, follow=True
    )
    assert done.content.decode().count("Password changed") == 2
    agent.refresh_from_db()
    assert agent.check_password(new)
    assert not is_in(old)
    assert not agent.api_tokens.filter(revoked_at=None).exists()
    assert "no longer works" in Client().get(link, follow=True).content.decode()


def test_no_reset_mail_goes_to_strangers_and_the_disabled(agent):
    disable_agent(agent=agent, by=None, now=timezone.now())
    mail_password_reset({"email": agent.email})
    mail_password_reset({"email": "nobody@example.com"})
    assert mail.outbox == []


def test_reset_mails_are_limited_for_each_address(agent):
    for _ in range(3):
        assert Client().post("/accounts/password/reset/", {"email": agent.email}).status_code == 302
    assert Client().post("/accounts/password/reset/", {"email": agent.email}).status_code == 429
    assert OutboxEntry.objects.count() == 3


# Passwords and sessions


def test_a_new_password_ends_other_sessions_tokens_and_sockets(agent, announced):
    here, there = Client(), Client()
    sign_in(here)
    sign_in(there)
    create_token(agent=agent, name="x", by=agent)
    new = "another-word-7"
    body = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post("/accounts/password/change/", body).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert None in revoked(announced)
    assert not agent.api_tokens.filter(revoked_at=None).exists()


@pytest.mark.parametrize("new", ["short", "12345678901", "password1234", "x" * 257])
def test_weak_and_endless_passwords_are_refused(client, agent, new):
    sign_in(client)
    body = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/accounts/password/change/", body).status_code == 200
    agent.refresh_from_db()
    assert agent.check_password(PASSWORD)


def test_signing_out_closes_the_sockets_of_that_session(client, agent, announced):
    sign_in(client)
    key = client.session.session_key
    assert client.get("/accounts/logout/").status_code == 200
    assert is_in(client), "a link alone signs nobody out"
    client.post("/accounts/logout/")
    assert not is_in(client)
    assert revoked(announced) == [key]
    assert not UserSession.objects.exists()


def test_i_can_end_one_session_or_all_others(agent, announced):
    here, phone, tablet = Client(), Client(), Client()
    for client in (here, phone, tablet):
        sign_in(client)
    page = here.get("/accounts/sessions/")
    assert [row["is_this"] for row in page.context["sessions"]].count(True) == 1
    row = UserSession.objects.get(session_key=phone.session.session_key)
    here.post("/accounts/sessions/end/", {"session": row.pk})
    assert not is_in(phone)
    assert is_in(tablet)
    here.post("/accounts/sessions/end/", {"session": "others"})
    assert not is_in(tablet)
    assert is_in(here)
    assert len(revoked(announced)) == 2


def test_i_cannot_end_somebody_elses_session(agent):
    mine, theirs = Client(), Client()
    sign_in(mine)
    other = make_agent(password=PASSWORD)
    sign_in(theirs, email=other.email)
    row = UserSession.objects.get(user=other)
    mine.post("/accounts/sessions/end/", {"session": row.pk})
    assert is_in(theirs)


def test_disabling_ends_everything(client, agent, announced):
    sign_in(client)
    disable_agent(agent=agent, by=None, now=timezone.now())
    assert not is_in(client)
    assert None in revoked(announced)


def test_changing_roles_closes_open_sockets(agent, announced):
    give_role(role=make_role(Permission.REPORTS), to=agent, by=None, now=timezone.now())
    assert revoked(announced) == [None]


def test_change_password_keeps_the_session_it_was_asked_to_keep(client, agent):
    sign_in(client)
    change_password(agent=agent, password="another-word-7", by=None, now=timezone.now())
    assert not UserSession.objects.filter(user=agent).exists()
