"""The doors: sign-in, reset, two steps, sessions."""

import re
import subprocess
import sys

import pytest
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.utils import timezone

from agents.backends import AgentBackend
from agents.models import Agent, Permission
from agents.operations import (
    change_password,
    create_token,
    disable_agent,
    give_role,
)
from agents.operations.passwords import mail_password_reset
from config.outbox.models import OutboxEntry
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db
PASSWORD = "imece-demo-9"
LOGIN = "/accounts/login/"


@pytest.fixture
def agent():
    return make_agent(email="elif@example.com", password=PASSWORD, language="en")


def sign_in(client, password=PASSWORD, email="elif@example.com", **more):
    return client.post(LOGIN, {"login": email, "password": password} | more)


def is_in(client):
    return client.get("/profile/").status_code == 200


def revoked(announced):
    return [e.session_key for e in announced if e.name == "agent.revoked"]


# Signing in


def test_e_mail_and_password_lead_to_the_console(client, agent):
    answer = sign_in(client, email="ELIF@example.com")
    assert answer.status_code == 302
    assert answer.url == "/console/"
    assert is_in(client)


def test_a_path_of_ours_is_where_sign_in_leads(client, agent):
    assert sign_in(client, next="/console/archive/?q=a").url == "/console/archive/?q=a"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "/\\evil.example",
        "http:evil",
    ],
)
def test_sign_in_leads_nowhere_else(client, agent, target):
    assert sign_in(client, next=target).url == "/console/"


def test_a_wrong_password_keeps_the_address_and_says_little(client, agent):
    answer = sign_in(client, "wrong-wrong")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'value="elif@example.com"' in page
    assert "wrong-wrong" not in page
    assert re.findall(r'name="(\w+)"[^>]* autofocus', page) == ["password"]
    unknown = sign_in(Client(), "wrong-wrong", email="nobody@example.com").content.decode()
    assert _errors(page) == _errors(unknown) != []


def _errors(page):
    return re.findall(r'role="alert".*?</div>', page, re.S)


def test_the_session_key_changes_at_sign_in(client, agent):
    client.get(LOGIN)
    session = client.session
    session["before"] = 1
    session.save()
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_five_failures_lock_the_account_from_every_address(agent):
    for number in range(5):
        sign_in(Client(REMOTE_ADDR=f"10.0.0.{number}"), "wrong-wrong")
    fresh = Client(REMOTE_ADDR="10.9.9.9")
    sign_in(fresh)
    assert not is_in(fresh)


def test_ten_failures_lock_an_address_for_every_account(agent):
    for number in range(10):
        sign_in(Client(), "wrong-wrong", email=f"nobody{number}@example.com")
    client = Client()
    sign_in(client)
    assert not is_in(client)


def test_a_forged_forwarded_address_gives_no_fresh_tries(agent):
    for number in range(10):
        client = Client(headers={"x-forwarded-for": f"10.0.0.{number}"})
        sign_in(client, "wrong-wrong", email=f"nobody{number}@example.com")
    client = Client(headers={"x-forwarded-for": "10.1.1.1"})
    sign_in(client)
    assert not is_in(client)


def test_other_names_of_this_host_give_no_fresh_tries(agent):
    hosts = ["127.0.0.1", "localhost"]
    for number in range(5):
        client = Client(REMOTE_ADDR=f"10.0.0.{number}", headers={"host": hosts[number % 2]})
        sign_in(client, "wrong-wrong")
    fresh = Client(REMOTE_ADDR="10.9.9.9", headers={"host": "localhost"})
    sign_in(fresh)
    assert not is_in(fresh)


def test_a_huge_password_is_never_hashed(agent, monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("hashed")

    monkeypatch.setattr(Agent, "check_password", fail)
    monkeypatch.setattr(Agent, "set_password", fail)
    assert AgentBackend().authenticate(None, email=agent.email, password="x" * 257) is None


def test_nobody_can_sign_up(client):
    assert client.get("/accounts/signup/").url == LOGIN
    client.post("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD})
    assert not Agent.objects.exists()


def test_disabled_agents_stay_out_and_learn_nothing(client, agent):
    disable_agent(agent=agent, by=None, now=timezone.now())
    answer = sign_in(client)
    assert answer.status_code == 200
    assert _errors(answer.content.decode())
    assert not is_in(client)


def test_demo_accounts_enter_on_this_machine_only(settings):
    make_agent(email="elif@example.com", password=PASSWORD, is_demo=True)
    here, there = Client(), Client()
    sign_in(here)
    assert is_in(here)
    settings.IS_LOOPBACK = False
    sign_in(there)
    assert not is_in(there)
    assert not is_in(here), "a session from before ends too"


def test_demo_accounts_stay_out_while_others_can_connect(settings):
    make_agent(email="elif@example.com", password=PASSWORD, is_demo=True)
    # "Host: localhost" is what anybody may send to an open port.
    settings.IS_PRIVATE = settings.SEED_DEMO = False
    open_port, wanted = Client(), Client()
    sign_in(open_port)
    assert not is_in(open_port)
    settings.SEED_DEMO = True
    sign_in(wanted)
    assert is_in(wanted)


@pytest.mark.parametrize(
    ("listen", "public", "seeds"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000", "True"),
        ("0.0.0.0", "http://127.0.0.1:8000", "False"),  # noqa: S104
        ("127.0.0.1", "https://desk.example", "False"),
    ],
)
def test_the_demo_comes_by_itself_on_a_private_address_only(tmp_path, listen, public, seeds):
    env = {"LISTEN_HOST": listen, "PUBLIC_URL": public, "DATA_DIR": str(tmp_path), "REDIS_URL": ""}
    told = subprocess.run(
        [sys.executable, "-c", "from config.settings import SEED_DEMO; print(SEED_DEMO)"],
        env=env,
        capture_output=True,
        check=True,
        text=True,
    )
    assert told.stdout.strip() == seeds


def test_the_administration_has_no_door_of_its_own(client, agent):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=%2Fadmin%2F") or (
        answer.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")
    )
    client.post("/admin/login/", {"username": agent.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_agents_without_the_admin_role_are_refused_there(client, agent):
    client.force_login(agent)
    assert client.get("/admin/", follow=True).status_code == 403
    give_role(role=make_role(Permission.ADMIN), to=agent, by=None, now=timezone.now())
    assert client.get("/admin/").status_code == 200


# Two steps


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


# Reset


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
