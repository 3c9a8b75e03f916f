"""What docs/api.md shows is what the server answers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from chat.models import Conversation
from chat.operations.assignment import accept
from tests.chat.http import Desk, make_shop

pytestmark = pytest.mark.django_db

DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
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
