"""Bodies nobody honest would send: always a problem document, never an error of ours."""

import itertools
import json
from typing import Any

import pytest
from django.http import HttpResponse
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.models import Conversation, Visitor
from tests.support.hostile import bodies
from tests.support.http import WIDGET, Widget, cid, make_shop, open_widget, started

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]

few = settings(max_examples=30)
POSTS = [
    "sessions",
    "conversations",
    "conversations/{chat}/messages",
    "conversations/{chat}/read",
    "conversations/{chat}/rating",
    "conversations/{chat}/transcript",
    "events",
    "offline-messages",
]
BROKEN = [
    b"",
    b"{",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"nul",
    b"NaN",
    b'{"text": Infinity}',
    b'{"text": "\xff\xfe"}',
    b'{"message": {"cid": "\\ud800"}}',
    b"9" * 5000,
    b"\0",
    b'{"a":1}{"b":2}',
]


@pytest.fixture
def widget() -> Widget:
    return open_widget(make_shop().brand)


@pytest.fixture
def chat(widget: Widget) -> Conversation:
    return started(widget)


def post(widget: Widget, chat: Conversation, path: str, raw: str | bytes) -> HttpResponse:
    return widget.client.post(
        f"{WIDGET}/{path.format(chat=chat.public_id)}",
        raw,
        content_type="application/json",
        headers={"Authorization": f"Bearer {widget.token}"},
    )


@few
@given(body=bodies)
@example(body={"message": {"cid": cid(), "text": "\ud800"}})
@example(body=10**400)
def test_any_json_is_answered_without_an_error_of_ours(
    widget: Widget, chat: Conversation, body: Any
) -> None:
    # The world is the same for all examples: a new one for each would take minutes.
    raw = json.dumps(body)
    for path in POSTS:
        answer = post(widget, chat, path, raw)
        assert answer.status_code < 500, (path, raw, answer.content)


def test_broken_json_is_invalid(
    subtests: pytest.Subtests, widget: Widget, chat: Conversation
) -> None:
    for path, raw in itertools.product(POSTS, BROKEN):
        with subtests.test(path=path, raw=raw[:20]):
            answer = post(widget, chat, path, raw)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_huge_body_is_too_large(widget: Widget) -> None:
    answer = widget.post("conversations", {"message": {"text": "x" * 300_000}})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data"])
def test_another_content_type_is_not_accepted(widget: Widget, content_type: str) -> None:
    answer = widget.client.post(
        f"{WIDGET}/conversations",
        b"x",
        content_type=content_type,
        headers={"Authorization": f"Bearer {widget.token}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_senseless_parameters_never_break_anything(widget: Widget, chat: Conversation) -> None:
    for query in (
        "after=%00",
        "after=1e3",
        "after[]=1",
        "limit=null",
        "after=1&after=x",
        "assignee__email=x",
    ):
        answer = widget.get(f"conversations/{chat.public_id}/entries?{query}")
        assert answer.status_code in {200, 400}, query


@few
@given(name=st.text(min_size=1, max_size=60).filter(lambda text: "/" not in text))
def test_any_id_is_not_found(widget: Widget, chat: Conversation, name: str) -> None:
    answer = widget.get(f"conversations/{_quoted(name)}/entries")
    assert name != chat.public_id
    assert answer.status_code in {404, 400}


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="surrogatepass"))


def test_no_field_of_ours_can_be_assigned(widget: Widget) -> None:
    """Every column of what a start or session makes, offered as a field."""
    message = {"cid": cid(), "text": "x"}
    for model in (Conversation, Visitor):
        for field in model._meta.get_fields():
            # The last only decorates: it is cut and mended, and never refused.
            if field.name in {"fields", "topic", "topic_text", "events"}:
                continue
            answer = widget.post("conversations", {"message": message, field.name: "1"})
            assert answer.status_code == 400, field.name
            if field.name not in {"visitor", "page", "language", "consent"}:
                assert widget.open(**{field.name: "1"}).status_code == 400, field.name
    assert not Conversation.objects.exists()
