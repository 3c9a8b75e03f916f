"""Every door of an agent opens, and keeps its limits, while Redis is away."""

from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import caches
from django.test import Client
from rest_framework.test import APIClient

from config.cache import SharedCache
from tests.support import servers
from tests.support.factories import make_agent

pytestmark = pytest.mark.django_db
PASSWORD = "imece-demo-9"


@pytest.fixture(autouse=True)
def _no_redis(settings: Any) -> Any:
    nowhere = f"redis://127.0.0.1:{servers.free_port()}/0"
    settings.CACHES = {"default": {"BACKEND": "config.cache.SharedCache", "LOCATION": nowhere}}
    SharedCache.away_until = 0.0
    yield
    caches["default"].clear()
    SharedCache.away_until = 0.0


@pytest.fixture
def agent() -> Any:
    return make_agent(email="elif@example.com", password=PASSWORD, language="en")


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": "elif@example.com", "password": password})


def test_signing_in_and_out(agent: Any, client: Client) -> None:
    assert sign_in(client).status_code == 302
    assert client.get("/profile/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/profile/").status_code == 302


def test_wrong_passwords_are_counted(agent: Any, client: Client) -> None:
    for _ in range(5):
        assert sign_in(client, "wrong").status_code == 200
    assert b"Too many" in sign_in(client).content
    assert client.get("/profile/").status_code == 302


def test_a_token_for_a_password(agent: Any) -> None:
    body = {"email": "elif@example.com", "password": PASSWORD, "name": "phone"}
    answer = APIClient().post("/api/v1/tokens", body, format="json")
    assert answer.status_code == 201
    token = {"authorization": f"Bearer {answer.json()['token']}"}
    assert APIClient().get("/api/v1/agents", headers=token).status_code == 200


def test_a_reset_link(agent: Any, client: Client) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "elif@example.com"})
    assert answer.status_code == 302
    assert mail.outbox == []  # it leaves by the outbox


def test_changing_the_password_and_proving_who_one_is(agent: Any, client: Client) -> None:
    client.force_login(agent)
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "a-new-one-77", "password2": "a-new-one-77"},
    )
    assert answer.status_code == 302


def test_the_second_step(agent: Any, client: Client) -> None:
    totp.TOTP.activate(agent, totp.generate_totp_secret())
    assert sign_in(client).status_code == 302
    answer = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert answer.status_code == 200
