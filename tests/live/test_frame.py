"""The panel's page by itself: its real scripts, and a server that does what the test says."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import translation
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from agents.brands.colors import dark_palette, palette
from agents.models import Brand
from chat.protocol import ATTACHMENTS_MAX, kinds_json
from chat.texts.widget import launcher_texts, widget_texts
from config.files.kinds import ACCEPT
from config.mail import ADDRESS
from tests.live.conftest import ORIGIN
from tests.support.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.once]

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Nimbus</title>
<link rel="stylesheet" href="/static/widget/widget.css">
<script id="config" type="application/json">%s</script>
<script type="module" src="/static/widget/frame.js"></script>
<body><div id="app"></div>"""

API = f"{ORIGIN}/api/widget/v1/"
TOPICS = [
    {"id": f"topic-{number}", "name": f"Topic {number}", "state": "online", "eta": None}
    for number in range(12)
]
AVAILABLE = {"state": "online", "topics": TOPICS, "reason": None, "says": None}
BUSY = AVAILABLE | {"state": "busy"}


def _chat(name: str, **fields: Any) -> dict[str, Any]:
    agent = {"id": "elif", "name": "Elif Kaya", "avatar": "", "status": "online"}
    return {
        "id": name,
        "status": "active",
        "is_open": True,
        "agent": agent,
        "topic": None,
        "topic_text": "",
        "position": None,
        "head": 1,
        "read": 0,
        "ticket": None,
        "preview": f"About {name}",
        "started_at": "2026-11-01T09:00:00Z",
    } | fields


def _line(chat: str) -> dict[str, Any]:
    entry = {
        "id": f"{chat}.1",
        "seq": 1,
        "kind": "message",
        "text": f"Hello from {chat}",
        "cid": None,
        "attachments": [],
        "data": {},
        "author": {"kind": "agent", "id": "elif", "name": "Elif Kaya", "avatar": ""},
        "at": "2026-11-01T09:00:00Z",
    }
    return {"conversation": chat, "entries": [entry], "head": 1, "more": False}


def _config() -> dict[str, Any]:
    brand = Brand()
    look = {"name": "Nimbus", "title": "Nimbus", "logo": "", "privacy_url": "", "theme": "light"}
    colors = {"colors": palette(brand), "dark": dark_palette(brand), "side": "right"}
    with translation.override("en"):
        words = {"texts": widget_texts(), "launcher": launcher_texts()}
    return {
        "site": "demo-shop",
        "language": "en",
        "brand": look | colors,
        "address": ADDRESS,
        "fields": {"name": "optional", "email": "no", "phone": "no"},
        "opened": False,
        "transcripts": False,
        "limits": {"text": 8000, "upload": 10_000, "files": ATTACHMENTS_MAX, "accept": ACCEPT},
        "kinds": kinds_json("visitor"),
        **words,
        "api": "/api/widget/v1/",
        "socket": "/ws/visitor/",
        "other": None,
    }


class Widget:
    """The page, and what its server holds and was asked."""

    def __init__(self, page: Page) -> None:
        self.page = page
        html = PAGE % json.dumps(_config(), cls=DjangoJSONEncoder).replace("<", "\\u003c")
        # What the next calls for a session get.
        self.refusals: list[Callable[[Route], None]] = []
        self.session: dict[str, Any] = {
            "token": "t",
            "visitor": "secret",
            "expires_in": 3600,
            "config": {},
            "availability": AVAILABLE,
            "conversation": None,
            "fields": {},
        }
        self.chats: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.sockets: list[WebSocketRoute] = []
        page.route(f"{ORIGIN}/frame", lambda route: route.fulfill(body=html))
        page.route(f"{API}**", self._answer)
        page.route_web_socket("**/ws/visitor/", self._connected)

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(API).partition("?")[0]
        self.asked.append(path)
        if path == "sessions" and self.refusals:
            return self.refusals.pop(0)(route)
        one = path.removeprefix("conversations/").removesuffix("/entries")
        if path == "sessions":
            return route.fulfill(json=self.session)
        if path == "conversations":
            return route.fulfill(json={"conversations": list(self.chats.values())})
        if path.endswith("/entries"):
            return route.fulfill(json=_line(one))
        return route.fulfill(json=self.chats.get(one) or [])

    def _connected(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda text: self._heard(socket, str(text)))

    def _heard(self, socket: WebSocketRoute, text: str) -> None:
        if '"hello"' in text:
            socket.send('{"type": "welcome", "heads": {}, "epoch": "one"}')

    def come(self, *, again: bool = False) -> "Widget":
        """Load the page, as somebody who has been here before if `again`."""
        if again:
            # The page of the fixture is of the same origin.
            self.page.evaluate("localStorage.setItem('imece:demo-shop:visitor', 'secret')")
        self.page.goto(f"{ORIGIN}/frame")
        return self

    def at_home(self) -> "Widget":
        """Wait for the start screen and its connection."""
        expect(self.find(".home")).to_be_visible()
        self.page.wait_for_function("document.querySelector('.banner')?.hidden")
        until(self.page, lambda: bool(self.sockets))
        return self

    def push(self, frame: dict[str, Any]) -> None:
        """Say something on the newest socket."""
        self.sockets[-1].send(json.dumps(frame))

    def find(self, selector: str) -> Locator:
        """Find a part of the page."""
        return self.page.locator(selector)


@pytest.fixture
def widget(modules: Page) -> Widget:
    return Widget(modules)


def test_whoever_was_turned_away_is_let_in_later_without_asking(widget: Widget) -> None:
    widget.refusals = [
        lambda route: route.fulfill(status=429, headers={"Retry-After": "1"}, json={}),
        lambda route: route.abort(),
    ]
    widget.chats["one"] = _chat("one")
    widget.session["conversation"] = widget.chats["one"]
    widget.come()
    expect(widget.find(".chat")).to_contain_text("Hello from one")
    assert widget.refusals == []


def test_a_chat_whose_scripts_did_not_arrive_is_shown_when_they_do(widget: Widget) -> None:
    missed: list[str] = []

    def miss(route: Route) -> None:
        missed.append(route.request.url)
        route.abort()

    widget.page.route("**/widget/chat.js", miss, times=1)
    widget.chats["one"] = _chat("one")
    widget.session["conversation"] = widget.chats["one"]
    widget.come()
    expect(widget.find(".chat")).to_contain_text("Hello from one")
    assert len(missed) == 1


def test_a_start_screen_shows_the_chat_that_another_tab_began_or_an_agent_reopened(
    widget: Widget,
) -> None:
    widget.chats = {"over": _chat("over", status="wrap_up", is_open=False)}
    widget.come(again=True).at_home()
    # What was said before in one that is over comes with every welcome.
    widget.push({"type": "entries"} | _line("over"))
    until(widget.page, lambda: "conversations/over" in widget.asked)
    widget.chats["new"] = _chat("new")
    widget.push({"type": "entries"} | _line("new"))
    expect(widget.find(".chat")).to_contain_text("Hello from new")
    assert "conversations/over/entries" not in widget.asked


def test_a_chat_that_is_over_makes_room_for_one_that_goes_on(widget: Widget) -> None:
    widget.chats = {"over": _chat("over", status="resolved", is_open=False)}
    widget.come(again=True).at_home()
    widget.find(".own-chats .topic").click()
    expect(widget.find(".chat")).to_contain_text("Hello from over")
    widget.chats["new"] = _chat("new")
    widget.push({"type": "resync", "conversation": "new"})
    expect(widget.find(".chat")).to_contain_text("Hello from new")
    # Then it is the other way round.
    widget.asked.clear()
    widget.push({"type": "entries"} | _line("over"))
    until(widget.page, lambda: "conversations/over" in widget.asked)
    expect(widget.find(".chat")).to_contain_text("Hello from new")


def test_words_in_a_form_stay_until_its_visitor_leaves_it_for_the_chat(widget: Widget) -> None:
    widget.come(again=True).at_home()
    widget.find(".topic").first.click()
    widget.find("#text").fill("Half a sentence")
    widget.chats["new"] = _chat("new")
    widget.push({"type": "entries"} | _line("new"))
    expect(widget.find(".banner")).to_have_text("The chat goes on")
    expect(widget.find("#text")).to_have_value("Half a sentence")
    widget.find(".bar .icon-button").first.click()
    expect(widget.find(".chat")).to_contain_text("Hello from new")


def test_the_window_that_is_looked_at_takes_over_from_the_newest(widget: Widget) -> None:
    widget.come(again=True).at_home()
    widget.sockets[0].close(code=4409)
    expect(widget.find(".banner")).to_have_text("The chat goes on in another window.")
    widget.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(widget.find(".banner")).to_be_hidden()
    assert len(widget.sockets) == 2


def test_the_start_screen_stays_where_it_was_scrolled_to(widget: Widget) -> None:
    widget.chats = {f"c{number}": _chat(f"c{number}", is_open=False) for number in range(5)}
    widget.page.set_viewport_size({"width": 380, "height": 500})
    widget.come(again=True).at_home()
    expect(widget.find(".own-chats")).to_be_visible()
    end = widget.find(".screen").evaluate(
        "node => { node.scrollTop = 9999; return node.scrollTop }"
    )
    assert end > 300
    widget.push({"type": "event", "name": "availability.changed", "data": BUSY})
    expect(widget.find(".hero-state.is-busy")).to_be_attached()
    expect(widget.find(".own-chats")).to_be_visible()
    expect(widget.find(".screen")).to_have_js_property("scrollTop", end)


def test_a_form_stays_where_somebody_types_when_everybody_goes(widget: Widget) -> None:
    widget.page.set_viewport_size({"width": 380, "height": 300})
    widget.come().at_home()
    widget.find(".topic").first.click()
    widget.find("#text").focus()
    end = widget.find(".screen").evaluate(
        "node => { node.scrollTop = 9999; return node.scrollTop }"
    )
    assert end > 50
    gone = [topic | {"state": "offline"} for topic in TOPICS]
    data = AVAILABLE | {"state": "offline", "topics": gone}
    widget.push({"type": "event", "name": "availability.changed", "data": data})
    expect(widget.find("h1")).to_have_text("Leave a message")
    expect(widget.find("#text")).to_be_focused()
    expect(widget.find(".screen")).to_have_js_property("scrollTop", end)


@pytest.mark.parametrize("code", ["offline", "open"])
def test_words_that_can_begin_no_chat_are_not_lost(widget: Widget, code: str) -> None:
    widget.come().at_home()
    widget.find(".topic").first.click()
    widget.find("#text").fill("All that I have to say")
    widget.chats["one"] = _chat("one")
    problem = {
        "code": code,
        "conversation": widget.chats["one"],
        "availability": AVAILABLE | {"state": "offline"},
    }
    widget.page.route(
        f"{API}conversations", lambda route: route.fulfill(status=409, json=problem), times=1
    )
    widget.find("form button[type=submit]").click()
    if code == "offline":
        expect(widget.find("h1")).to_have_text("Leave a message")
        expect(widget.find("#text")).to_have_value("All that I have to say")
    else:
        expect(widget.find(".message")).to_contain_text(
            ["Hello from one", "All that I have to say"]
        )
