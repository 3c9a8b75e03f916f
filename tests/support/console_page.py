"""A desk in a browser, and a visitor who speaks to it over HTTP and socket."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from django.utils import timezone
from playwright.sync_api import Page, WebSocketRoute, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from websockets.sync.client import ClientConnection, connect

from agents.models import Agent, Brand, Team, Topic
from tests.conftest import Site
from tests.support import factories
from tests.support.chromium import Contexts
from tests.support.process import NO_AUTHORITIES


class Caller:
    """A visitor of the brand's site."""

    def __init__(self, site: Site, brand: Brand, *, name: str = "Zeynep Aksoy") -> None:
        self.site = site
        self.name = name
        self.http = httpx.Client(
            base_url=f"{site.url}/api/widget/v1/",
            trust_env=False,
            timeout=30,
            verify=NO_AUTHORITIES,
        )
        self.page = {"url": "https://shop.example/cart", "title": "Cart", "referrer": ""}
        self.brand = brand
        self.id = ""

    def start(self, text: str, *, topic: Topic | None = None) -> str:
        """Start a chat; returns its id."""
        answer = self.http.post(
            "sessions", json={"site": self.brand.site_key, "page": self.page, "language": "en"}
        )
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"
        body: dict[str, Any] = {
            "fields": {"name": self.name, "email": "zeynep@example.com"} if self.name else {},
            "message": {"cid": str(uuid.uuid4()), "text": text},
        }
        if topic:
            body["topic"] = str(topic.pk)
        answer = self.http.post("conversations", json=body)
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["id"]
        return self.id

    def say(self, text: str) -> None:
        """Send a message."""
        body = {"cid": str(uuid.uuid4()), "text": text}
        answer = self.http.post(f"conversations/{self.id}/messages", json=body)
        assert answer.status_code == 201, answer.text

    def entries(self) -> list[dict[str, Any]]:
        """Return everything the visitor may see."""
        answer = self.http.get(f"conversations/{self.id}/entries", params={"after": 0})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["entries"]
        return found

    def texts(self) -> list[str]:
        """Return the texts of the messages the visitor sees."""
        return [entry["text"] for entry in self.entries() if entry["kind"] == "message"]

    def read(self) -> None:
        """Say that everything has been read."""
        answer = self.http.post(
            f"conversations/{self.id}/read", json={"seq": self.entries()[-1]["seq"]}
        )
        assert answer.status_code == 200, answer.text

    def end(self) -> None:
        """End the chat."""
        assert self.http.post(f"conversations/{self.id}/end", json={}).status_code == 200

    @contextmanager
    def socket(self) -> Iterator[ClientConnection]:
        """A live socket that has said hello."""
        with connect(f"{self.site.ws_url}/ws/visitor/", proxy=None) as socket:
            socket.send(json.dumps({"type": "hello", "token": self.token, "resume": {}}))
            assert json.loads(socket.recv(30))["type"] == "welcome"
            yield socket


@dataclass
class Desk:
    """A brand, its topics, and Elif, who is Online with the console open."""

    site: Site
    brand: Brand
    team: Team
    topic: Topic
    elif_: Agent
    page: Page

    def caller(self, **changes: Any) -> Caller:
        """Another visitor."""
        return Caller(self.site, self.brand, **changes)

    def chat(self, text: str = "Hello", **changes: Any) -> Caller:
        """A visitor whose chat has reached the list of the desk."""
        caller = self.caller(**changes)
        caller.start(text)
        expect(self.page.locator(f"#row-{caller.id}")).to_be_visible()
        return caller

    def opened(self, text: str = "Hello", **changes: Any) -> Caller:
        """A visitor whose chat is open on the desk."""
        caller = self.chat(text, **changes)
        self.open(caller)
        return caller

    def open(self, caller: Caller) -> None:
        """Open a chat from the list."""
        self.page.locator(f"#row-{caller.id} a").click()
        expect(self.page.locator(f"#thread-pane[data-conversation='{caller.id}']")).to_be_visible()

    def write(self, text: str) -> None:
        """Write into the composer, press Enter and wait until the server has it."""
        self.enter(text)
        self.sent(text)

    def enter(self, text: str) -> None:
        """Write into the composer and press Enter: the words are shown, the server has none yet."""
        self.page.fill("#composer-text", text)
        self.page.press("#composer-text", "Enter")

    def sent(self, text: str) -> None:
        """Wait until the server has all that was entered; its newest words are these."""
        taken = self.page.locator("#thread .message:not(.is-pending)")
        expect(taken.filter(has_text=text).last).to_be_visible()
        expect(self.page.locator(".message.is-pending")).to_have_count(0)


def ready(page: Page) -> None:
    """Wait until the console's scripts run and its socket is open."""
    try:
        page.wait_for_selector("html[data-ready=yes][data-socket=open]")
    except PlaywrightTimeoutError as error:
        state = page.evaluate("({...document.documentElement.dataset})")
        raise AssertionError(f"The console at {page.url} came as far as {state}") from error


def open_desk(
    site: Site,
    new_context: Contexts,
    *,
    path: str = "/console/",
    team: dict[str, Any] | None = None,
    agent: dict[str, Any] | None = None,
    **options: Any,
) -> Desk:
    """Make the rows and open the console."""
    brand = factories.make_brand(default_language="en")
    elif_ = factories.make_agent(
        **{"online": True, "name": "Elif Kaya", "language": "en"} | (agent or {})
    )
    own = factories.make_team(elif_, **team or {})
    brand.default_team = own
    brand.save(update_fields=["default_team"])
    topic = factories.make_topic(brand, own, name_tr="İade ve değişim", name_en="Returns")
    page = new_context(agent=elif_, url=site.url, **options).new_page()
    page.goto(site.url + path)
    ready(page)
    return Desk(site=site, brand=brand, team=own, topic=topic, elif_=elif_, page=page)


class Line:
    """A page's line to the server, on which its messages can be held back."""

    def __init__(self, page: Page) -> None:
        self.is_blocked = False
        self.joined = 0
        page.route_web_socket("**/ws/console/", self._join)
        page.reload()
        ready(page)

    def _join(self, route: WebSocketRoute) -> None:
        self._route = route
        self.joined += 1
        server = route.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if not (self.is_blocked and json.loads(frame)["type"] == "message.send"):
                server.send(frame)

        route.on_message(pass_on)

    def break_off(self) -> None:
        """Lose the line; the page comes back by itself."""
        self._route.close(code=1012)


def opened_in_line(site: Site, new_context: Contexts, text: str) -> tuple[Desk, Caller]:
    """Open a desk whose only slot is taken, and on it a chat that waits in line."""
    desk = open_desk(site, new_context, agent={"capacity": 1})
    desk.chat(name="First")
    second = desk.caller(name="Second")
    second.start(text)
    desk.page.locator("#tab-queue").click()
    desk.open(second)
    return desk, second


def now() -> Any:
    """Now, for rows made by hand."""
    return timezone.now()
