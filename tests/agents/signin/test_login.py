"""Signing in."""

import re
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone, translation

from agents.models import Agent, Permission
from agents.operations import (
    disable_agent,
    give_role,
)
from agents.signin.backends import AgentBackend
from config.mail import own_spelling
from tests.support.accounts import LOGIN, PASSWORD, is_in, sign_in
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db


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


# With Redis its own clock counts: see docs/operations.md.
@pytest.mark.once
def test_after_a_clock_that_was_a_day_ahead_a_lock_is_over_in_minutes_as_ever(agent, monkeypatch):
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
        for number in range(5):
            sign_in(Client(REMOTE_ADDR=f"10.0.0.{number}"), "wrong-wrong")
    fresh = Client(REMOTE_ADDR="10.9.9.9")
    sign_in(fresh)
    assert not is_in(fresh)
    later = time.monotonic() + 5 * 60
    monkeypatch.setattr("config.cache.monotonic", lambda: later)
    sign_in(fresh)
    assert is_in(fresh)


def test_guesses_from_elsewhere_keep_nobody_out_of_a_browser_of_their_own(agent):
    own, new = Client(REMOTE_ADDR="203.0.113.1"), Client(REMOTE_ADDR="203.0.113.2")
    sign_in(own)
    own.post("/accounts/logout/")
    for number in range(5):
        sign_in(Client(REMOTE_ADDR=f"198.51.100.{number}"), "wrong-wrong")
    sign_in(new)
    assert not is_in(new)
    sign_in(own)
    assert is_in(own)


def test_a_known_browser_has_five_guesses_too_and_for_one_address(agent):
    other = make_agent(email="mert@example.com", password=PASSWORD)
    thief = Client(REMOTE_ADDR="203.0.113.1")
    sign_in(thief, email=other.email)
    thief.post("/accounts/logout/")
    for number in range(5):
        sign_in(Client(REMOTE_ADDR=f"198.51.100.{number}"), "wrong-wrong")
    sign_in(thief)
    assert not is_in(thief), "known as somebody else's"
    for number in range(5):
        thief.defaults["REMOTE_ADDR"] = f"203.0.113.{number}"
        sign_in(thief, "wrong-wrong", email=other.email)
    sign_in(thief, email=other.email)
    assert not is_in(thief)


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


@pytest.mark.parametrize(
    "typed",
    ["ELİF@EXAMPLE.COM", "Elİf@example.com", " ELIF@EXAMPLE.COM ", "eli\u0307f@example.com"],
)
def test_an_address_opens_its_account_in_capitals_of_a_turkish_keyboard(client, agent, typed):
    assert sign_in(client, email=typed).status_code == 302
    assert is_in(client)


def test_no_two_accounts_answer_to_one_address(client, agent):
    other = make_agent(email="elif@ısı.example", password=PASSWORD)
    make_agent(email="elif@isi.example", password="another-password-7")
    assert own_spelling("ELIF@ısı.example") == other.email
    assert sign_in(client, email="elif@ısı.example").status_code == 302
    assert int(client.session["_auth_user_id"]) == other.pk
    assert sign_in(Client(), email="elıf@example.com").status_code == 200
    assert sign_in(Client(), email="elif@isi.example").status_code == 200


@pytest.mark.parametrize(
    ("name", "turkish", "english"),
    [
        ("ilker ışık", "İI", "II"),
        ("Ayşe Nur çelik", "AÇ", "AÇ"),
        ("ışıl", "I", "I"),
        ("İI", "İ", "İ"),
        ("i\u0307nci ç", "İÇ", "IÇ"),
        ("e\u0301mile", "É", "É"),
        ("“ece” (ak)", "EA", "EA"),
        ("Ziyaretçi #4821", "Z", "Z"),
        ("🐱 ali 👩\u200d💻 kaya 🌟", "AK", "AK"),
        ("🌟", "🌟", "🌟"),
        ("ßen ﬃx", "SF", "SF"),
        ("محمد علي", "مع", "مع"),
        ("", "", ""),
    ],
)
def test_initials_are_capitals_of_the_screens_language(name, turkish, english):
    for language, wanted in (("tr", turkish), ("en", english)):
        with translation.override(language):
            assert Agent(name=name).initials == wanted


def test_the_language_chosen_at_the_door_is_spoken_behind_it_and_asked_anew_there(agent, client):
    client.post("/language/", {"language": "tr", "next": LOGIN})
    assert "Parola" in client.get(LOGIN).content.decode()
    sign_in(client)
    assert 'lang="tr"' in client.get("/profile/").content.decode()
    agent.refresh_from_db()
    assert agent.language == "tr"
    # Whoever comes next to this browser has chosen nothing.
    mert = make_agent(email="mert@example.com", password=PASSWORD, language="en")
    client.post("/accounts/logout/")
    client.post(LOGIN, {"login": mert.email, "password": PASSWORD})
    mert.refresh_from_db()
    assert mert.language == "en"


def test_a_tab_that_waited_at_the_door_goes_in_when_somebody_came_in_beside_it(agent):
    browser = Client(enforce_csrf_checks=True)
    address = f"{LOGIN}?next=/profile/"
    stale, *_ = re.findall(
        r'csrfmiddlewaretoken" value="(\w+)"', browser.get(address).content.decode()
    )
    form = {"login": agent.email, "password": PASSWORD, "csrfmiddlewaretoken": stale}
    assert browser.post(LOGIN, form).url == "/console/"
    again = browser.post(address, form, follow=True)
    assert [to for to, _ in again.redirect_chain] == [address, "/profile/"]
    assert again.status_code == 200
