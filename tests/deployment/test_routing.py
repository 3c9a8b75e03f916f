"""Routing through the doors people use: a running product, HTTP and sockets."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from agents.models import Agent, Brand
from agents.operations import create_token
from tests.support.factories import make_agent, make_brand, make_team, make_topic
from tests.support.process import NO_AUTHORITIES

pytestmark = pytest.mark.django_db(transaction=True)


class Widget:
    """A visitor over HTTP."""

    def __init__(self, url: str, brand: Brand) -> None:
        self.http = httpx.Client(base_url=f"{url}/api/widget/v1", timeout=30, verify=NO_AUTHORITIES)
        session = self.call("sessions", {"site": brand.site_key, "language": "tr", "page": {}})
        self.token, self.availability = session["token"], session["availability"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST and return the answer."""
        response = self.http.post(f"/{path}", json=body)
        assert response.is_success, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def start(self) -> dict[str, Any]:
        """Start a chat."""
        message = {"cid": str(uuid.uuid4()), "text": "Merhaba"}
        return self.call("conversations", {"fields": {}, "message": message})

    @contextmanager
    def socket(self, ws_url: str) -> Iterator[ClientConnection]:
        """A greeted socket."""
        with connect(f"{ws_url}/ws/visitor/") as socket:
            socket.send(json.dumps({"type": "hello", "token": self.token, "resume": {}}))
            assert json.loads(socket.recv(timeout=30))["type"] == "welcome"
            yield socket


def hear(socket: ClientConnection, name: str) -> dict[str, Any]:
    """Return the data of the next event `name`."""
    while True:
        frame = json.loads(socket.recv(timeout=30))
        if frame["type"] == "event" and frame["name"] == name:
            data: dict[str, Any] = frame["data"]
            return data


@pytest.fixture
def agent() -> Agent:
    return make_agent(capacity=1)


@pytest.fixture
def brand(agent: Agent) -> Brand:
    team = make_team(agent)
    brand = make_brand(default_team=team)
    make_topic(brand, team)
    return brand


@pytest.fixture
def desk(site, agent: Agent) -> Iterator[httpx.Client]:
    _, raw = create_token(agent=agent, name="desk", by=agent)
    with httpx.Client(
        base_url=f"{site.url}/api/v1",
        headers={"Authorization": f"Bearer {raw}"},
        timeout=30,
        verify=NO_AUTHORITIES,
    ) as http:
        yield http


def go_online(desk: httpx.Client) -> None:
    assert desk.post("/status/heartbeat").is_success
    assert desk.post("/status", json={"status": "online"}).is_success


def test_an_agent_who_goes_online_shows_in_open_widgets(site, desk, brand) -> None:
    widget = Widget(site.url, brand)
    assert widget.availability["state"] == "offline"
    with widget.socket(site.ws_url) as socket:
        go_online(desk)
        # A worker that sees the brand for the first time tells of it as it finds it.
        while hear(socket, "availability.changed")["state"] != "online":
            pass
        desk.post("/status", json={"status": "invisible"})
        # Two workers that look at once may both tell the same.
        while hear(socket, "availability.changed")["state"] != "offline":
            pass


def test_a_chat_finds_its_agent_and_the_line_moves_when_it_is_resolved(
    site, desk, brand, agent
) -> None:
    go_online(desk)
    first, second, third = (Widget(site.url, brand) for _ in range(3))
    with first.socket(site.ws_url) as one:
        chat = first.start()
        assert hear(one, "conversation.assigned")["agent"]["name"] == agent.name
    with second.socket(site.ws_url) as two, third.socket(site.ws_url) as three:
        assert second.start()["position"] == 1
        assert third.start()["position"] == 2
        topic = brand.topics.get()
        assert desk.post(
            f"/conversations/{chat['id']}/resolve", json={"topic": str(topic.pk)}
        ).is_success
        assert hear(two, "conversation.assigned")["agent"]["status"] == "online"
        # Joining a moving line may be told again before the line moves.
        while (place := hear(three, "queue.position")["position"]) != 1:
            assert place == 2
