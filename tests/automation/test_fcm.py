"""Apps are told by an FCM that checks the account and every word of the message."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.models import Device
from automation.models import PushSetup
from automation.notifications import fcm
from automation.notifications.keys import setup
from tests.agents.conftest import boss, boss_client
from tests.automation.notifications import (
    later,
    register_app,
    say,
    states,
    taken,
    work_pushes,
)
from tests.automation.test_policy import push
from tests.support.fcm_service import PROJECT, fcm_service

__all__ = ["boss", "boss_client"]

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PAGE = "/admin/automation/pushsetup/1/change/"


@pytest.fixture
def google(settings, monkeypatch):
    settings.OUTBOUND_PRIVATE = ["127.0.0.1"]
    with fcm_service() as running:
        monkeypatch.setattr(fcm.Gateway, "FCM_END_POINT_BASE", f"{running.url}/v1/projects")
        row = setup()
        row.account = running.account()
        row.save()
        yield running
        fcm._gateway.cache_clear()


@pytest.fixture
def word_to(ringing_desk):
    """Call it for a word of a customer to an agent with this app."""

    def make(token, platform="android"):
        chat = taken(ringing_desk)
        device = register_app(chat.assignee, token, platform)
        say(chat, "Merhaba")
        work_pushes()
        return device, chat

    return make


def test_an_app_gets_what_the_system_shows_and_data_for_itself(google, word_to):
    device, chat = word_to("good-token")
    [message] = google.messages
    assert message["token"] == "good-token"
    assert message["notification"] == {"title": "Yeni mesaj geldi", "body": "Vera: Merhaba"}
    assert message["android"]["notification"]["channel_id"] == "message_v1"
    data = message["data"]
    assert (data["v"], data["class"], data["conversation"]) == ("1", "message", chat.public_id)
    assert data["device"] == str(device.pk)
    assert states() == ["sent"]


def test_all_threads_share_one_access_token_and_an_ended_one_is_renewed_once(google, word_to):
    word_to("good-token")
    device, told = Device.objects.get(), push("message")
    gateway = fcm._gateway(google.account())
    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda _: gateway.notify(
                    fcm_token=device.address["token"], **fcm.message_of(told, platform="android")
                ),
                range(20),
            )
        )
    assert google.asked_for_tokens == 1
    assert len(google.messages) == 21
    google.tokens.clear()
    gateway.notify(fcm_token="again", **fcm.message_of(told, platform="ios"))
    assert google.asked_for_tokens == 2
    assert google.messages[-1]["apns"]["payload"]["aps"]["sound"] == "message.caf"


@pytest.mark.parametrize("token", ["unregistered", "bogus-token"])
def test_a_token_goes_only_when_google_knows_it_no_longer(google, word_to, token):
    word_to(token)
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    ("token", "problem"), [("apns-key-missing", "account"), ("sender-of-others", "account")]
)
def test_what_the_account_may_not_is_said_and_costs_no_token(google, word_to, token, problem):
    word_to(token)
    assert Device.objects.get().problem == problem
    assert states() == ["failed"]


def test_a_wrong_project_costs_no_token(google, word_to):
    row = setup()
    row.account = google.account(project_id="another-project")
    row.save()
    word_to("good-token")
    assert Device.objects.get().problem == "account"


@pytest.mark.parametrize(("token", "seconds"), [("quota", 75), ("unavailable", 4), ("internal", 4)])
def test_who_is_asked_to_wait_waits_and_loses_nothing(google, word_to, token, seconds):
    device, _chat = word_to(token)
    assert states() == ["waiting"]
    Device.objects.filter(pk=device.pk).update(address={"token": "good-token"})
    if token == "quota":
        with later(60):
            work_pushes()
        assert google.messages == []
    with later(seconds):
        work_pushes()
    assert [message["token"] for message in google.messages] == ["good-token"]
    assert states() == ["sent"]


@pytest.mark.parametrize(("answer", "state"), [(400, "failed"), (503, "waiting")])
def test_oauth_that_refuses_is_told_from_oauth_that_is_away(google, word_to, answer, state):
    google.oauth_answer = answer
    word_to("good-token")
    assert states() == [state]
    assert Device.objects.get().problem == ("account" if state == "failed" else "later")


def test_without_an_account_the_device_says_so(word_to):
    word_to("good-token")
    assert Device.objects.get().problem == "setup"


# The administration


def test_the_account_is_pasted_kept_and_never_shown(google, boss_client):
    row = setup()
    row.account = ""
    row.save()
    assert boss_client.get("/admin/automation/pushsetup/")["Location"] == PAGE
    assert boss_client.post(PAGE, {"account": google.account()}).status_code == 302
    row = PushSetup.objects.get()
    assert (row.project, json.loads(row.account.reveal())["project_id"]) == (PROJECT, PROJECT)
    page = boss_client.get(PAGE).content.decode()
    assert PROJECT in page
    assert "PRIVATE KEY" not in page
    # Left empty it stays.
    assert boss_client.post(PAGE, {"account": ""}).status_code == 302
    assert PushSetup.objects.get().account


@pytest.mark.parametrize(
    "changes",
    [
        {"token_uri": "http://169.254.169.254/token"},
        {"token_uri": "https://oauth2.googleapis.com.evil.example/token"},
        {"type": "authorized_user"},
        {"project_id": "../../x"},
        {"private_key": "none"},
        {"client_email": None},
    ],
)
def test_what_is_no_account_of_google_is_refused(google, boss_client, changes):
    before = PushSetup.objects.get().account.token
    answer = boss_client.post(PAGE, {"account": google.account(**changes)})
    assert answer.status_code == 200
    assert PushSetup.objects.get().account.token == before


def test_an_admin_has_devices_ring_and_sees_which_have_confirmed(
    google, boss_client, boss, ringing_desk
):
    agent = ringing_desk.agents[0]
    device = register_app(agent, "good-token")
    body = {"action": "ring", "_selected_action": [device.pk]}
    boss_client.post("/admin/agents/device/", body)
    work_pushes()
    channels = [each["android"]["notification"]["channel_id"] for each in google.messages]
    assert channels == ["tickets_silent_v1", "live_chat_v1"]
    list_ = boss_client.get("/admin/agents/device/", headers={"accept-language": "en"})
    assert "handed over" in list_.content.decode()
    name = google.messages[-1]["data"]["push"]
    answer = boss_client.post(
        f"/api/v1/devices/{device.pk}/seen", {"push": name}, content_type="application/json"
    )
    assert answer.status_code == 204
    list_ = boss_client.get("/admin/agents/device/", headers={"accept-language": "en"})
    assert "confirmed at" in list_.content.decode()
    assert boss_client.get(f"/admin/agents/device/{device.pk}/change/").status_code == 200


def test_the_test_of_an_admins_own_devices_is_a_button_with_its_answer_beside_it(
    google, boss_client, boss
):
    def says(words):
        page = boss_client.get(PAGE, headers={"accept-language": "en"}).content.decode()
        return words in page

    assert says("There is no device")
    register_app(boss, "good-token-of-boss")
    assert says("Send a test to my devices")
    for token, words in (("good", "handed over"), ("sender", "Google refuses the service account")):
        Device.objects.update(address={"token": f"{token}-token-of-boss"})
        boss_client.post(PAGE, {"_test": "1"})
        work_pushes()
        assert says(words)
