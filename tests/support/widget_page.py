"""A visitor with the widget in a real browser, and a scripted agent who answers over HTTP."""

import functools
import http.server
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, Request, expect

from agents.models import Agent, Brand, Team, Topic
from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.factories import make_agent, make_brand, make_team, make_topic
from tests.support.patience import until
from tests.support.process import NO_AUTHORITIES
from tests.support.serving import serving

# Tests look into the launcher's closed shadow root; visitors and host pages can't.
OPEN_SHADOW = """
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (options) {
  return attach.call(this, {...options, mode: "open"});
};
"""
PASSWORD = "a-long-password-2026"


class Desk:
    """An agent at work over the public API."""

    def __init__(self, site: Site, agent: Agent) -> None:
        agent.set_password(PASSWORD)
        agent.save()
        self.agent = agent
        self.http = httpx.Client(base_url=f"{site.url}/api/v1/", timeout=30, verify=NO_AUTHORITIES)
        answer = self.http.post(
            "tokens", json={"email": agent.email, "password": PASSWORD, "name": "test"}
        )
        assert answer.status_code == 201, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """GET without a body, else POST; return the answer."""
        answer = self.http.get(path) if body is None else self.http.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def go_online(self) -> None:
        """Be Online and here; the heartbeat must follow every 45 s in a longer test."""
        self.call("status", {"status": "online"})
        self.call("status/heartbeat", {})

    def chats(self) -> list[Any]:
        """What this agent's list shows, newest first."""
        found: list[Any] = self.call("conversations")["results"]
        return found

    def say(self, chat: str, text: str) -> None:
        """Answer the visitor."""
        self.call(f"conversations/{chat}/messages", {"cid": str(uuid.uuid4()), "text": text})

    def texts(self, chat: str) -> list[str]:
        """What was said in a chat, in the agents' order."""
        entries = self.call(f"conversations/{chat}/entries?after=0")["entries"]
        return [entry["text"] for entry in entries if entry["kind"] == "message"]


class Shop:
    """A demo brand with a topic, a team and Elif."""

    def __init__(self, site: Site, *, language: str = "en", **brand: Any) -> None:
        key = "demo-shop" if language == "tr" else "demo-cloud"
        self.site = site
        self.team: Team = make_team()
        self.brand: Brand = make_brand(
            **{
                "name": "Pazar34" if language == "tr" else "Nimbus",
                "site_key": key,
                "default_language": language,
                "default_team": self.team,
                "allowed_origins": [site.url],
                "is_demo": True,
            }
            | brand
        )
        self.topic: Topic = make_topic(self.brand, self.team)
        self.url = f"{site.url}/demo/" + ("" if language == "tr" else "cloud/")

    def agent(self, name: str = "Elif Kaya", *, online: bool = True, **fields: Any) -> Desk:
        """An agent of the team; `online` puts them to work."""
        agent = make_agent(name=name, **fields)
        self.team.agents.add(agent)
        desk = Desk(self.site, agent)
        if online:
            desk.go_online()
        return desk


class Visitor:
    """One tab of a visitor's browser with the widget on its page."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        # What was asked of servers and not answered yet.
        self.asked: set[Request] = set()
        self.page.on("request", lambda request: self.asked.add(request))
        self.page.on("requestfinished", lambda request: self.asked.discard(request))
        self.page.on("requestfailed", lambda request: self.asked.discard(request))
        self.page.goto(url)
        self.launcher: Locator = self.page.locator("imece-chat > button, imece-chat button").first
        self.frame: FrameLocator = self.page.frame_locator("imece-chat iframe")

    def open(self) -> "Visitor":
        """Click the launcher and wait for home or chat."""
        self.launcher.click()
        self.frame.locator(".home, .chat, .form").first.wait_for()
        return self

    def pick(self, number: int = 0) -> "Visitor":
        """Choose the topic at a place of the list."""
        self.frame.locator(".topic").nth(number).click()
        self.frame.locator("form.form").wait_for()
        return self

    def fill(self, **fields: str) -> "Visitor":
        """Fill the form's fields by name."""
        for name, value in fields.items():
            self.frame.locator(f"form.form #{name}").fill(value)
        return self

    def submit(self) -> "Visitor":
        """Send the form."""
        self.frame.locator("form.form button[type=submit]").click()
        return self

    def start(self, text: str = "Hello there", **fields: str) -> "Visitor":
        """Go from a closed widget to a chat."""
        self.open().pick().fill(text=text, **fields).submit()
        self.frame.locator(".chat").wait_for()
        return self

    def say(self, text: str) -> "Visitor":
        """Write, press Enter and wait until the server has it."""
        return self.enter(text).sent(text)

    def enter(self, text: str) -> "Visitor":
        """Write and press Enter: the words are shown, the server has none yet."""
        box = self.frame.locator(".composer-text")
        box.fill(text)
        box.press("Enter")
        return self

    def sent(self, text: str) -> "Visitor":
        """Wait until the server has all that was entered; its newest words are these."""
        taken = self.frame.locator(".message:not(.is-pending)")
        expect(taken.filter(has_text=text).last).to_be_attached()
        expect(self.pending).to_have_count(0)
        return self

    def answered(self) -> "Visitor":
        """Wait until everything that was asked has its answer."""
        until(self.page, lambda: not self.asked)
        return self

    @property
    def words(self) -> Locator:
        """The bubbles of the log and of the outbox."""
        return self.frame.locator(".message-bubble:not(.is-dots)")

    @property
    def pending(self) -> Locator:
        """Bubbles that no entry has replaced yet."""
        return self.frame.locator(".is-pending")

    def sees(self, text: str) -> Locator:
        """Wait until a bubble says `text`."""
        bubble = self.words.filter(has_text=text).first
        bubble.wait_for()
        return bubble


def visitor_context(new_context: Contexts, **options: Any) -> BrowserContext:
    """A visitor's browser."""
    context: BrowserContext = new_context(**options)
    context.add_init_script(OPEN_SHADOW)
    return context


@contextmanager
def host_page(html: str, headers: dict[str, str]) -> Iterator[str]:
    """Serve one page of somebody else's site, on another site than ours (localhost)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/"
            self.send_response(200 if found else 204)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(self.server.html.encode() if found else b"")  # type: ignore[attr-defined]

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler))
    server.html = html  # type: ignore[attr-defined]
    with serving(server):
        yield f"http://localhost:{server.server_address[1]}"
