"""What docs/api.md shows is what the server answers."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from agents import events as agent_events
from agents.api import urls as agent_urls
from automation.api import urls as rule_urls
from automation.notifications import events as notice_events
from chat.api import desk_urls, widget_urls
from chat.api.widget.shapes import ChatAnswer, SessionAnswer
from chat.events import availability, lifecycle, words
from chat.models import Conversation, Entry
from chat.operations.assignment import accept
from chat.posting import marks
from chat.protocol import FRAMES, Close, outgoing
from chat.protocol.constants import RESUME_MAX, RESUMED_CONVERSATIONS_MAX, RESUMED_ENTRIES_MAX
from chat.sockets import base, console, threads
from config import wire
from config.events import Event
from reports import api_urls as report_urls
from tests.support.http import Desk, make_shop
from tickets import events as ticket_events
from tickets.api import urls as ticket_urls

pytestmark = pytest.mark.django_db

EVENTS = (agent_events, availability, lifecycle, notice_events, ticket_events, words)
DOCS = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```http\n(.*?)```", DOCS, re.DOTALL)


def run(example: str, known: dict[str, str]) -> tuple[int, Any, int, Any]:
    """Send one example; return the status and body shown, and those that came."""
    for name, value in known.items():
        example = example.replace(f"{{{name}}}", value)
    request, shown = example.strip().split("\n\n")
    first, *rest = request.split("\n")
    method, path = first.split(" ")
    headers = dict(line.split(": ", 1) for line in rest if not line.startswith("{"))
    body = next((line for line in rest if line.startswith("{")), "")
    answer = Client().generic(
        method, path, body, content_type="application/json" if body else "", headers=headers
    )
    status, _, document = shown.partition(" ")
    return int(status), json.loads(document), answer.status_code, answer.json()


def test_every_example_is_answered_as_shown() -> None:
    shop = make_shop(site_key="demo-shop")
    known = {
        "agent-token": Desk(shop.elif_).headers["Authorization"].removeprefix("Bearer "),
        "topic": str(shop.topic.pk),
    }
    for example in EXAMPLES:
        if "/api/v1/conversations/" in example:
            # Routing is a worker's; here Elif accepts by hand.
            chat = Conversation.objects.get(public_id=known["chat"])
            if chat.assignee is None:
                accept(conversation=chat, agent=shop.elif_, now=chat.created_at)
        status, shown, came_status, came = run(example, known)
        assert came_status == status, (example, came)
        assert set(shown) <= set(came), example
        for key, value in shown.items():
            if value not in ("…", {}, []):
                assert came[key] == value, (example, key)
        if "token" in came:
            known["token"] = came["token"]
        if "position" in came:
            known["chat"] = came["id"]
    assert len(EXAMPLES) == 9
    assert Conversation.objects.get().status == "resolved"


def test_no_example_is_broken_json() -> None:
    for block in re.findall(r"^\s*[→←] (\{.*\})$", DOCS, re.MULTILINE):
        assert json.loads(block.replace("[…]", "[]").replace("{…}", "{}"))["type"]


# Whatever is served is named. `section` is what stands under one heading.


def section(heading: str) -> str:
    return DOCS.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]


def rows(text: str) -> dict[str, str]:
    """Return the rows of the tables in `text`, by each name in their first column."""
    found = {}
    for line in re.findall(r"^\| (?!`?code)(.+) \|$", text, re.MULTILINE):
        first, _, rest = line.partition(" | ")
        found |= dict.fromkeys(re.findall(r"`([^`]+)`", first), rest)
    return found


def calls(patterns: list[Any]) -> Iterator[str]:
    """Return the method and path of every call of an API."""
    for pattern in patterns:
        path = re.sub(r"<\w+:\w+>", "{id}", str(pattern.pattern))
        view = pattern.callback.view_class
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(view, method):
                yield f"{method.upper()} {path}"


@pytest.mark.parametrize(
    ("heading", "patterns"),
    [
        ("Visitors", widget_urls.urlpatterns),
        (
            "Agents",
            [
                *agent_urls.urlpatterns,
                *ticket_urls.urlpatterns,
                *desk_urls.urlpatterns,
                *rule_urls.urlpatterns,
                *report_urls.urlpatterns,
            ],
        ),
    ],
)
def test_every_call_is_described_and_no_other(heading: str, patterns: list[Any]) -> None:
    described = {name for name in rows(section(heading)) if re.match("[A-Z]+ ", name)}
    assert described == set(calls(patterns))


def test_every_frame_that_is_understood_is_described_with_its_fields() -> None:
    table = section("Sockets").split("| frame in |")[1].split("| frame out |")[0]
    described = rows(table)
    served = FRAMES["visitor"] | FRAMES["agent"]
    assert set(described) == set(served)
    for name, fields in served.items():
        named = set(re.findall(r"`(\w+)`", described[name].partition(" | ")[0]))
        assert named == set(fields), name


def test_every_frame_that_is_sent_is_described() -> None:
    sources = "".join(map(inspect.getsource, [outgoing, wire, base, threads]))
    sources += (Path(base.__file__).parent / "watch.py").read_text()
    sent = set(re.findall(r'"type": ?"([a-z]+)"', sources))
    table = section("Sockets").split("| frame out |")[1].split("Kinds of entries")[0]
    assert sent == set(rows(table))
    assert {"welcome", "ack", "pong", "bye", "resync"} <= sent
    for name in outgoing.limits_json():
        assert f"`{name}`" in rows(table)["welcome"]


def events() -> set[str]:
    """Return the names of the events that the code sends to sockets."""
    found: set[str] = set()
    for path in Path(base.__file__).parents[1].rglob("*.py"):
        found |= set(re.findall(r'\bevent_frame\(\s*"([a-z.]+)"', path.read_text()))
    for module in (availability, lifecycle, agent_events, marks, threads, console):
        source = re.sub(r"name: ClassVar.*", "", inspect.getsource(module))
        found |= set(
            re.findall(
                r'"((?:conversation|offer|queue|availability|agent|list|undo)\.[a-z]+|counters|presence)"',
                source,
            )
        )
    for kind in (kind for module in EVENTS for kind in vars(module).values()):
        is_event = isinstance(kind, type) and issubclass(kind, Event) and "deliveries" in vars(kind)
        if is_event and "self.name" in inspect.getsource(kind.deliveries):
            found.add(kind.name)
    return found


def test_every_event_is_described_and_no_other() -> None:
    table = section("Sockets").split("| event |")[1].split("| close code |")[0]
    assert set(rows(table)) == events()
    assert {"conversation.late", "counters", "list.changed", "agent.status"} <= events()


def test_every_kind_of_entry_and_close_code_is_described() -> None:
    text = section("Sockets")
    for kind in Entry.Kind:
        assert f"`{kind}`" in text, kind
    codes = {value for name, value in vars(Close).items() if name.isupper()}
    assert codes | {1012} == {
        int(code) for code in re.findall(r"\b(\d{4})\b", text.split("| close code |")[1])
    }
    for limit in (RESUME_MAX, RESUMED_CONVERSATIONS_MAX, RESUMED_ENTRIES_MAX):
        assert re.search(rf"\b{limit:,}\b", text), limit


def test_every_refusal_is_described() -> None:
    root = Path(base.__file__).parents[2]
    both = section("Visitors") + section("Agents")
    for folder, text in (
        ("chat/api/widget", section("Visitors")),
        ("chat/api/desk", section("Agents")),
        ("tickets/api", section("Agents")),
        # What both share is described once.
        ("agents/api", both),
    ):
        for path in (root / folder).glob("*.py"):
            for code in re.findall(r'Problem\(\s*\d+,\s*"(\w+)"', path.read_text()):
                assert code in rows(text) or f"`{code}`" in text, code


def test_every_field_of_a_chat_and_of_a_session_is_described() -> None:
    text = section("Visitors")
    for name in ChatAnswer().fields:
        assert f"`{name}`" in text, name
    for name in SessionAnswer().fields:
        assert re.search(rf"\b{name}\b", text), name
