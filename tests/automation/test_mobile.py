"""docs/mobile.md from the first call to the last, as an app lives it: plain HTTP and pushes."""

import pytest
from django.test import Client

from automation.notifications import fcm
from automation.notifications.keys import setup
from config.outbox.operations import drain
from tests.automation.notifications import work_pushes
from tests.support.factories import make_agent, make_brand, make_team
from tests.support.fcm_service import fcm_service
from tests.support.http import cid, open_widget

pytestmark = pytest.mark.django_db


class App:
    """A phone: what it knows is what it was told."""

    def __init__(self, google) -> None:
        self.google = google
        self.token = ""

    def call(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Client().generic(
            method,
            f"/api/v1/{path}",
            Client()._encode_json(body or {}, "application/json"),
            content_type="application/json",
            headers=headers,
        )

    def anonymously(self, path, body=None):
        return Client().post(f"/api/v1/{path}", body or {}, content_type="application/json")

    @property
    def told(self):
        return self.google.messages[-1]["data"]


@pytest.fixture
def app(settings, monkeypatch):
    settings.OUTBOUND_PRIVATE = ["127.0.0.1"]
    with fcm_service() as google:
        monkeypatch.setattr(fcm.Gateway, "FCM_END_POINT_BASE", f"{google.url}/v1/projects")
        row = setup()
        row.account = google.account()
        row.save()
        yield App(google)
        fcm._gateway.cache_clear()


def test_an_app_signs_in_rings_takes_a_chat_answers_and_signs_out(app):
    elif_ = make_agent(language="en")
    elif_.set_password("a long password")
    elif_.save()
    brand = make_brand(default_team=make_team(elif_, auto_accept=True))
    # Signing in and registering
    login = {"email": elif_.email, "password": "a long password", "name": "Pixel"}
    app.token = app.call("POST", "tokens", login).json()["token"]
    body = {
        "kind": "fcm",
        "platform": "android",
        "token": "good-token-of-elifs-phone",
        "name": "Pixel",
    }
    device = app.call("POST", "devices", body).json()["id"]
    assert app.call("POST", "status", {"status": "online"}).status_code == 200
    app.call("POST", f"devices/{device}/test")
    work_pushes()
    assert app.told["class"] == ""
    seen = {"push": app.told["push"]}
    assert app.anonymously(f"devices/{app.told['device']}/seen", seen).status_code == 204
    # It is in the pocket from here on.
    elif_.presences.all().delete()
    widget = open_widget(brand)
    chat = widget.start("Is my parcel on its way?").json()["id"]
    work_pushes()
    assert (app.told["class"], app.told["conversation"]) == ("new_chat", chat)
    shown = app.google.messages[-1]["android"]["notification"]
    assert (shown["channel_id"], shown["tag"]) == ("live_chat_v1", f"c-{chat}")
    rung = app.told["push"]
    app.anonymously(f"devices/{device}/seen", {"push": rung})
    assert app.anonymously(f"offers/{rung}/accept").json() == {"conversation": chat}
    assert app.anonymously(f"offers/{rung}/accept").status_code == 404
    # The chat
    entries = app.call("GET", f"conversations/{chat}/entries?after=0").json()["entries"]
    app.call("POST", f"conversations/{chat}/read", {"seq": entries[-1]["seq"]})
    answer = {"cid": cid(), "text": "It is."}
    assert app.call("POST", f"conversations/{chat}/messages", answer).status_code == 201
    assert app.call("POST", f"conversations/{chat}/messages", answer).status_code == 200
    widget.post(f"conversations/{chat}/messages", {"cid": cid(), "text": "Thank you"})
    work_pushes()
    assert app.told["class"] == "message"
    assert app.google.messages[-1]["notification"]["body"].endswith(": Thank you")
    # Signing out
    assert app.call("DELETE", f"devices/{device}").status_code == 204
    told = len(app.google.messages)
    widget.post(f"conversations/{chat}/messages", {"cid": cid(), "text": "Bye"})
    work_pushes()
    drain()
    assert len(app.google.messages) == told
