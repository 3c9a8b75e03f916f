"""API tokens: how they are made, what they open and when they stop."""

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.utils import timezone
from rest_framework.test import APIClient

from agents.credentials.tokens import agent_of_token
from agents.models import ApiToken, Permission
from agents.operations import (
    ScopeNotAllowed,
    change_password,
    create_token,
    disable_agent,
    give_role,
    revoke_tokens,
)
from tests.support.factories import make_agent, make_role, make_team

pytestmark = pytest.mark.django_db
PASSWORD = "imece-demo-9"


@pytest.fixture
def agent():
    return make_agent(email="elif@example.com", password=PASSWORD)


def ask(**changes):
    body = {"email": "elif@example.com", "password": PASSWORD, "name": "phone"} | changes
    return APIClient().post("/api/v1/tokens", body, format="json")


def call(token):
    return APIClient().get("/api/v1/agents", headers={"authorization": f"Bearer {token}"})


def test_a_password_becomes_a_token_that_opens_the_desk(agent):
    answer = ask()
    assert answer.status_code == 201
    assert list(answer.json()) == ["token"]
    rows = call(answer.json()["token"]).json()
    assert [set(row) for row in rows] == [{"id", "name", "avatar", "status", "since", "teams"}]
    assert rows[0]["id"] == agent.public_id


def test_the_secret_is_not_stored(agent):
    raw = ask().json()["token"]
    row = ApiToken.objects.get()
    assert raw not in (row.token_hash, row.name)
    assert row.scopes == ["desk"]


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "wrong-wrong"},
        {"email": "nobody@example.com"},
        {"password": PASSWORD.upper()},
    ],
)
def test_wrong_credentials_get_one_and_the_same_answer(agent, changes):
    answer = ask(**changes)
    assert answer.status_code == 401
    assert answer.json()["code"] == "credentials"
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "x" * 257},
        {"email": "not an address"},
        {"email": {"$ne": ""}},
        {"password": ["a"]},
        {"name": "n" * 61},
        {"name": ""},
        {"scopes": ["admin"]},
        {"scopes": ["export"]},
        {"scopes": "desk admin"},
        {"scopes": ["desk", "desk"]},
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_checked(agent, changes):
    assert ask(**changes).status_code == 400


def test_an_account_with_two_steps_needs_the_code_here_too(agent):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(agent, secret)
    assert ask().json()["code"] == "otp_required"
    assert ask(otp="000000").json()["code"] == "credentials"
    code = totp.format_hotp_value(
        totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time()))
    )
    assert ask(otp=code).status_code == 201
    assert ask(otp=code).status_code == 401, "a code works once"


def test_a_recovery_code_works_once(agent):
    totp.TOTP.activate(agent, totp.generate_totp_secret())
    code = RecoveryCodes.activate(agent).get_unused_codes()[0]
    assert ask(otp=code).status_code == 201
    assert ask(otp=code).status_code == 401


def test_five_failures_close_this_door_and_the_web_door(agent, client):
    for _ in range(5):
        assert ask(password="wrong-wrong").status_code == 401
    answer = ask()
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    client.post("/accounts/login/", {"login": agent.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer imece_x", "Bearer imece_" + "x" * 5000, "Bearer a b", "Bearer é"],
)
def test_a_bad_token_is_401_and_never_an_error(agent, header):
    answer = APIClient().get("/api/v1/agents", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_bad_token_is_not_saved_by_a_good_session(agent):
    api = APIClient()
    api.force_login(agent)
    assert api.get("/api/v1/agents").status_code == 200
    headers = {"authorization": "Bearer imece_wrong"}
    assert api.get("/api/v1/agents", headers=headers).status_code == 401


def test_nobody_is_refused():
    assert APIClient().get("/api/v1/agents").status_code == 401


@pytest.mark.parametrize("end", ["revoke", "password", "disable", "role", "team role"])
def test_a_token_ends_with_what_it_stood_for(agent, end):
    _row, raw = create_token(agent=agent, name="phone", by=agent)
    now = timezone.now()
    assert call(raw).status_code == 200
    match end:
        case "revoke":
            revoke_tokens(agent=agent, now=now)
        case "password":
            change_password(agent=agent, password="another-word-7", by=agent, now=now)
        case "disable":
            disable_agent(agent=agent, by=None, now=now)
        case "role":
            give_role(role=make_role(Permission.REPORTS), to=agent, by=None, now=now)
        case "team role":
            give_role(role=make_role(Permission.REPORTS), to=make_team(agent), by=None, now=now)
    assert call(raw).status_code == 401


def test_a_token_for_export_does_not_open_the_desk(agent):
    give_role(role=make_role(Permission.EXPORT), to=agent, by=None, now=timezone.now())
    _row, raw = create_token(agent=agent, name="report", scopes=["export"], by=agent)
    assert call(raw).status_code == 403


def test_scopes_are_bounded_by_roles(agent):
    with pytest.raises(ScopeNotAllowed):
        create_token(agent=agent, name="x", scopes=["admin"], by=agent)


def test_a_demo_token_works_on_this_machine_only(settings):
    demo = make_agent(is_demo=True)
    _row, raw = create_token(agent=demo, name="x", by=demo)
    assert agent_of_token(raw)
    settings.IS_LOOPBACK = False
    assert agent_of_token(raw) is None


def test_the_time_of_use_is_written_once_a_minute(agent, django_assert_num_queries):
    _row, raw = create_token(agent=agent, name="x", by=agent)
    with django_assert_num_queries(2):
        agent_of_token(raw)
    with django_assert_num_queries(1):
        agent_of_token(raw)


def test_an_address_in_turkish_capitals_is_the_same_account(agent):
    assert ask(email="ELİF@EXAMPLE.COM").status_code == 201
