"""A code of an app after the password."""

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.utils import timezone

from agents.models import Permission
from agents.operations import (
    give_role,
)
from tests.support.accounts import PASSWORD, is_in, sign_in
from tests.support.factories import make_role

pytestmark = pytest.mark.django_db


def test_two_steps_are_asked_for_at_the_web_door(client, agent):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(agent, secret)
    assert sign_in(client).url == "/accounts/2fa/authenticate/"
    assert not is_in(client)
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "Enter the one that the app shows now." in wrong.content.decode()
    assert not is_in(client)
    client.get("/accounts/2fa/authenticate/")
    code = totp.format_hotp_value(
        totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time()))
    )
    assert client.post("/accounts/2fa/authenticate/", {"code": code}).url == "/console/"
    assert is_in(client)


def test_two_steps_are_asked_for_on_the_way_to_the_administration(client, agent):
    give_role(role=make_role(Permission.ADMIN), to=agent, by=None, now=timezone.now())
    totp.TOTP.activate(agent, totp.generate_totp_secret())
    sign_in(client, next="/admin/")
    assert client.get("/admin/").status_code == 302


def test_codes_are_limited_like_passwords(client, agent):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(agent, secret)
    sign_in(client)
    for _ in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    code = totp.format_hotp_value(
        totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time()))
    )
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert not is_in(client)


def test_two_steps_can_be_turned_on_and_off(client, agent):
    sign_in(client)
    assert client.get("/accounts/2fa/app/").url.startswith("/accounts/reauthenticate/")
    once_more = "/accounts/reauthenticate/?next=/accounts/2fa/app/"
    assert client.post(once_more, {"password": "wrong-wrong"}).status_code == 200
    assert client.post(once_more, {"password": PASSWORD}).url == "/accounts/2fa/app/"
    page = client.get("/accounts/2fa/app/")
    secret = page.context["form"].secret
    code = totp.format_hotp_value(
        totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time()))
    )
    client.post("/accounts/2fa/app/", {"code": code})
    page = client.get("/accounts/2fa/codes/")
    assert len(page.context["unused_codes"]) == 10
    assert client.get("/accounts/2fa/codes/file/").status_code == 200
    assert client.get("/accounts/2fa/").status_code == 200
    assert client.get("/accounts/2fa/app/remove/").status_code == 200
    client.post("/accounts/2fa/app/remove/")
    other = Client()
    assert sign_in(other).url == "/console/"


def test_the_code_that_turned_two_steps_on_opens_nothing_afterwards(client, agent):
    sign_in(client)
    once_more = "/accounts/reauthenticate/?next=/accounts/2fa/app/"
    client.post(once_more, {"password": PASSWORD})
    secret = client.get("/accounts/2fa/app/").context["form"].secret
    now = next(totp.yield_hotp_counters_from_time())
    code = totp.format_hotp_value(totp.hotp_value(secret, now))
    assert client.post("/accounts/2fa/app/", {"code": code}).status_code == 302
    other = Client()
    sign_in(other)
    other.post("/accounts/2fa/authenticate/", {"code": code})
    assert not is_in(other)
