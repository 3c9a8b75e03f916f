"""Phones and browsers of agents: registered by the API, shown there and on the profile."""

from typing import Any

import pytest
from django.test import Client

from agents.models import Device
from agents.operations.devices import DEVICES_MAX
from config.web import outbound
from config.web.rate_limits import BROWSERS
from tests.support.factories import make_agent
from tests.support.http import Desk
from tests.support.push_service import PushService

pytestmark = pytest.mark.django_db

TOKEN = "dGhlLXRva2VuLW9mLWFuLWFwcA:APA91b"


@pytest.fixture
def subscription(monkeypatch):
    """Of a browser whose service is on the public Internet."""
    monkeypatch.setattr(outbound, "_look_up", lambda host, port: ["8.8.8.8"])
    service = PushService()
    service.server.server_close()
    made = service.browser().subscription
    return made | {"endpoint": "https://push.example/send/abc"}


def of_browser(subscription: Any, **changes: Any) -> dict[str, Any]:
    return {"kind": "webpush", "platform": "web", "subscription": subscription} | changes


def of_app(**changes: Any) -> dict[str, Any]:
    return {"kind": "fcm", "platform": "android", "token": TOKEN, "name": "Pixel"} | changes


def test_the_same_browser_again_is_the_same_device(subscription):
    desk = Desk(make_agent())
    first = desk.post("devices", of_browser(subscription))
    again = desk.post("devices", of_browser(subscription, name="Masa"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    [shown] = desk.get("devices").json()["results"]
    assert (shown["name"], shown["kind"], shown["platform"]) == ("Masa", "webpush", "web")
    assert "subscription" not in shown
    assert "push.example" not in desk.get("devices").content.decode()


def test_an_app_that_somebody_else_signs_in_to_is_theirs_from_then_on():
    elif_, mert = Desk(make_agent()), Desk(make_agent())
    assert elif_.post("devices", of_app()).status_code == 201
    assert mert.post("devices", of_app()).status_code == 201
    assert elif_.get("devices").json()["results"] == []
    assert Device.objects.get().agent == mert.agent


def test_a_device_is_removed_by_its_agent_alone():
    elif_, mert = Desk(make_agent()), Desk(make_agent())
    pk = elif_.post("devices", of_app()).json()["id"]
    assert mert.call("DELETE", f"devices/{pk}").status_code == 404
    assert mert.post(f"devices/{pk}/test").status_code == 404
    assert Device.objects.exists()
    assert elif_.call("DELETE", f"devices/{pk}").status_code == 204
    assert not Device.objects.exists()


def test_there_are_only_so_many_devices():
    desk = Desk(make_agent())
    for number in range(DEVICES_MAX):
        assert desk.post("devices", of_app(token=f"{TOKEN}{number}")).status_code == 201
    answer = desk.post("devices", of_app(token=f"{TOKEN}x"))
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_devices")
    assert desk.post("devices", of_app(token=f"{TOKEN}0")).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"token": ""},
        {"token": "short"},
        {"token": "with a space in it, and more"},
        {"token": None},
        {"kind": "sms"},
        {"platform": "symbian"},
        {"badge": 1},
    ],
)
def test_an_app_without_a_token_is_refused(changes):
    assert Desk(make_agent()).post("devices", of_app(**changes)).status_code == 400
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("https://push.example/x", "127.0.0.1"),
        ("https://push.example/x", "10.0.0.7"),
        ("https://push.example/x", "169.254.169.254"),
        ("https://push.example/x", "fd00::1"),
        ("http://push.example/x", "8.8.8.8"),
        ("ftp://push.example/x", "8.8.8.8"),
        ("//push.example/x", "8.8.8.8"),
        ("https://", "8.8.8.8"),
        ("https://push.example/" + "x" * 1000, "8.8.8.8"),
        (7, "8.8.8.8"),
    ],
)
def test_an_address_that_is_not_of_the_public_internet_is_refused(
    subscription, monkeypatch, endpoint, address
):
    monkeypatch.setattr(outbound, "_look_up", lambda host, port: [address])
    answer = Desk(make_agent()).post("devices", of_browser(subscription | {"endpoint": endpoint}))
    assert answer.status_code == 400
    assert not Device.objects.exists()


@pytest.mark.usefixtures("early_in_the_hour")
def test_browsers_are_looked_up_only_so_often_and_one_that_is_known_never_again(
    subscription, monkeypatch
):
    asked = []
    monkeypatch.setattr(outbound, "_look_up", lambda host, port: asked.append(host) or ["8.8.8.8"])
    desk = Desk(make_agent(language="en"))

    def register(number):
        endpoint = {"endpoint": f"https://push.example/{number}"}
        return desk.post("devices", of_browser(subscription | endpoint))

    answers = [register(number) for number in range(BROWSERS.allowed + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {201}
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "rate")
    assert refused.json()["detail"] == "Too many requests. Please wait a moment."
    assert int(refused["Retry-After"]) > 0
    # Each page of the console says that its browser is still there.
    assert {register(0).status_code for _page in range(BROWSERS.allowed)} == {200}
    assert len(asked) == BROWSERS.allowed
    # Apps are not looked up, and colleagues have a limit of their own.
    assert desk.post("devices", of_app()).status_code == 201
    assert Desk(make_agent()).post("devices", of_browser(subscription)).status_code == 201


@pytest.mark.parametrize("host", ["mail.lan", "MAIL.lan.", "10.0.0.7"])
def test_a_private_host_that_may_be_called_for_mail_is_no_push_service(
    subscription, monkeypatch, settings, host
):
    settings.OUTBOUND_PRIVATE = ["mail.lan", "10.0.0.7"]
    monkeypatch.setattr(outbound, "_look_up", lambda host, port: ["10.0.0.7"])
    endpoint = {"endpoint": f"https://{host}/x"}
    answer = Desk(make_agent()).post("devices", of_browser(subscription | endpoint))
    assert answer.status_code == 400
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    "keys",
    [{}, {"p256dh": "AA", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}, {"auth": "AAAA"}, {"auth": "ü"}, None],
)
def test_a_subscription_that_nothing_can_be_encrypted_for_is_refused(subscription, keys):
    broken = subscription | {"keys": subscription["keys"] | keys if keys else keys}
    assert Desk(make_agent()).post("devices", of_browser(broken)).status_code == 400


def test_the_profile_lists_devices_says_what_is_wrong_with_them_and_removes_them(subscription):
    agent, other = make_agent(language="tr"), make_agent()
    Desk(agent).post("devices", of_browser(subscription, name="Mutfaktaki"))
    Desk(other).post("devices", of_app())
    Device.objects.filter(agent=agent).update(problem="keys")
    client = Client()
    client.force_login(agent)
    page = client.get("/profile/").content.decode()
    assert "Mutfaktaki" in page
    assert "anahtarlarımızı reddediyor" in page
    assert "Pixel" not in page
    mine, theirs = Device.objects.get(agent=agent), Device.objects.get(agent=other)
    assert client.post(f"/profile/devices/{theirs.pk}/remove/").status_code == 404
    assert client.post(f"/profile/devices/{mine.pk}/remove/").status_code == 302
    assert list(Device.objects.all()) == [theirs]


# The app


def test_the_worker_is_public_asks_the_server_each_time_and_may_act_for_the_console(client):
    answer = client.get("/console/sw.js")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert "no-cache" in answer["Cache-Control"]
    script = answer.content.decode()
    assert script.startswith("const SHELL=")
    assert '"/console/offline/"' in script
    # One for all languages, and for whoever is signed in.
    client.force_login(make_agent())
    again = client.get("/console/sw.js", headers={"Accept-Language": "tr"})
    assert again.content == answer.content
    assert not answer.cookies


@pytest.mark.parametrize(
    ("language", "name"), [("tr", "İmece canlı destek"), ("en", "İmece live support")]
)
def test_the_manifest_is_public_and_speaks_the_browsers_language(client, language, name):
    answer = client.get("/console/manifest.webmanifest", headers={"Accept-Language": language})
    assert answer["Content-Type"] == "application/manifest+json"
    told = answer.json()
    assert told["name"] == name
    assert (told["id"], told["start_url"], told["scope"]) == ("/console/", "/console/", "/")
    assert {icon["sizes"] for icon in told["icons"]} == {"192x192", "512x512"}


def test_the_page_without_connection_is_public(client):
    page = client.get("/console/offline/", headers={"Accept-Language": "tr"})
    assert page.status_code == 200
    assert "Bağlantı yok" in page.content.decode()
