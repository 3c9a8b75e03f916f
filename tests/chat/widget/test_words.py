"""What people and host pages really send: nothing of it costs anybody the chat."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chat.models import Conversation, Entry
from chat.protocol import is_sayable
from config.mail import is_address
from config.text.cleaning import is_blank
from config.web.api import MAX_BODY, Email
from tests.support.desk import here
from tests.support.http import WIDGET, Shop, Widget, cid, make_shop, open_widget, started

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]

few = settings(max_examples=40)
# Each is a chat with all that belongs to it.
fewer = settings(max_examples=15)
# Halves of characters, NUL and all: `json.dumps` writes them as a browser does.
strings = st.text(st.characters(exclude_categories=()), max_size=90) | st.sampled_from(
    [
        "Sale \ud83c",
        "x" * 59 + "🛒",
        "a\0b",
        "https://shop.example/" + "ğ" * 8200,
        "http://[",
        "\u3164",
    ]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | strings,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=6,
).filter(lambda value: "Infinity" not in json.dumps(value))
pages = anything | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("url", "title", "referrer", "other"), strings | anything)
)
told = anything | st.lists(
    anything | st.fixed_dictionaries({"name": strings}, optional={"ago": anything}), max_size=25
)

UNSEEN = [
    *(
        "",
        " ",
        "\n\t",
        "\u200b",
        "\u2800",
        "\u3164",
        "\uffa0",
        "\u115f",
        "\u00ad",
        "\u2060",
        "\ufeff",
    ),
    *(
        "\u200e\u200f",
        "\u202e",
        "\ufe0f",
        "\U000e0041",
        "\U0001d159",
        "\u00a0\u2003\u3000",
        "\u180e",
    ),
    *("\u034f", "\u200b\u2800 \u3164\n", "\x07", "\u2028"),
]
SEEN = ["a", "İ", "🛒", "👩\u200d👧", "❤\ufe0f", "\u200ba", ".", "ا", "\u0301", "0", "한"]

WRONG = [
    *("a..b@example.com", "ali@example.c0m", "ali@example", ".a@example.com", "a.@example.com"),
    *(
        "a@b@example.com",
        "ali@-example.com",
        "ali@example-.com",
        "ali@exa_mple.com",
        "ali@example.c",
    ),
    *(
        "ali@.example.com",
        "ali@example..com",
        "ali@example.com.",
        "ali@127.0.0.1",
        "ali@[127.0.0.1]",
    ),
    *(
        '"a b"@example.com',
        "ali@localhost",
        "elİf@example.com",
        "ali @example.com",
        "ali@example.c-m",
    ),
    *("@example.com", "ali@", "ali", "a,b@example.com", "ali@example.1234", "ali@straße.de"),
]
RIGHT = [
    *("ali@example.com", "a.b+c@example.co", "o'brien@example.com", "ALI@Example.COM", "1@2.tr"),
    *("ali@çiçek.com.tr", "ali@xn--iek-1oab.com", "ali@example.рф", "ali@example.xn--p1ai"),
    *("a_b-c~d@sub.example.museum", "ali@3com.com"),
]


@pytest.fixture
def shop() -> Shop:
    # As long a line as there are examples.
    return make_shop(max_queue_length=10_000)


def assume_it_fits(told: Any) -> None:
    """Leave out what is refused for its size alone, whatever it says."""
    assume(len(json.dumps(told)) < MAX_BODY / 2)


def post(widget: Widget, path: str, body: Any) -> HttpResponse:
    """POST with halves of characters written as browsers write them."""
    return widget.client.post(
        f"{WIDGET}/{path}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {widget.token}"},
    )


@fewer
@given(page=pages)
@example(page={"url": "https://shop.example/?" + "x" * 8200, "title": "Sale \ud83c"})
@example(page={"title": "\0", "url": "http://[", "referrer": None})
def test_no_page_keeps_anybody_from_starting(shop: Shop, widget: Widget, page: Any) -> None:
    assume_it_fits(page)
    # So many starts may take longer than an agent is here without a sign of life.
    here(shop.elif_)
    opened = post(widget, "sessions", {"site": widget.brand.site_key, "page": page})
    assert opened.status_code == 201, opened.content
    other = Widget(widget.brand)
    other.token = opened.json()["token"]
    assert other.start().status_code == 201


@fewer
@given(events=told)
@example(events=[{"name": "x" * 59 + "🛒", "ago": 3}])
@example(events=[{"name": "half \ud83c"}] * 30)
def test_no_events_keep_anybody_from_starting(shop: Shop, events: Any) -> None:
    assume_it_fits(events)
    here(shop.elif_)
    other = open_widget(shop.brand)
    body = {"fields": {}, "message": {"cid": cid(), "text": "Hello"}, "events": events}
    answer = post(other, "conversations", body)
    assert answer.status_code == 201, answer.content


@few
@given(name=strings)
def test_any_name_of_an_event_is_taken(widget: Widget, name: str) -> None:
    assert post(widget, "events", {"name": name}).status_code == 204


def test_a_long_address_and_half_a_sign_are_kept_as_far_as_they_go(widget: Widget) -> None:
    page = {"url": "https://shop.example/" + "x" * 8200, "title": "Sale \ud83c"}
    opened = post(widget, "sessions", {"site": widget.brand.site_key, "page": page})
    widget.token = opened.json()["token"]
    chat = started(widget)
    assert chat.page["url"].startswith("https://shop.example/xxx")
    assert chat.page["title"] == "Sale ?"


def test_what_can_not_be_seen_is_an_empty_message(
    subtests: pytest.Subtests, shop: Shop, widget: Widget
) -> None:
    other = open_widget(shop.brand)
    chat = started(other)
    for text in UNSEEN:
        with subtests.test(text=text):
            before = Conversation.objects.count(), chat.entries.count()
            assert is_blank(text)
            assert not is_sayable(text)
            assert is_sayable(text, with_files=True)
            assert widget.start(text).status_code == 400
            left = {"cid": cid(), "fields": {"email": "v@example.com"}, "text": text}
            assert widget.post("offline-messages", left).status_code == 400
            path = f"conversations/{chat.public_id}/messages"
            assert other.post(path, {"cid": cid(), "text": text}).status_code == 400
            assert (Conversation.objects.count(), chat.entries.count()) == before


@pytest.mark.parametrize("text", SEEN)
def test_what_can_be_seen_is_said(widget: Widget, text: str) -> None:
    assert widget.start(text).status_code == 201


def taken(address: str) -> bool:
    """Whether the server takes an address."""
    field = Email(max_length=254)
    try:
        field.run_validation(address)
    except Exception:
        return False
    return True


def test_an_address_that_is_none_is_refused_by_its_field(
    subtests: pytest.Subtests, widget: Widget
) -> None:
    for address in WRONG:
        with subtests.test(address=address):
            body = {"fields": {"email": address}, "message": {"cid": cid(), "text": "x"}}
            answer = post(widget, "conversations", body)
            assert answer.status_code == 400
            assert list(answer.json()["errors"]) == ["fields.email"]
            assert not Conversation.objects.exists()


@pytest.mark.parametrize("address", RIGHT)
def test_an_address_is_taken(address: str) -> None:
    assert is_address(address)
    assert taken(address)


@given(
    address=st.from_regex(r"[a-z.\-+'0]{1,8}@[a-z0\-.]{1,12}", fullmatch=True)
    | st.text(st.characters(max_codepoint=127), max_size=20)
)
@example(address="a..b@example.com")
@example(address="ali@example.c0m")
def test_both_sides_take_the_same_addresses(address: str) -> None:
    address = address.strip()
    assert is_address(address) == taken(address)


def test_the_same_id_in_capitals_is_the_same_message(widget: Widget) -> None:
    own = cid()
    chat = Conversation.objects.get(
        public_id=widget.start(message={"cid": own.upper()}).json()["id"]
    )
    assert widget.start(message={"cid": own}).status_code == 200
    path = f"conversations/{chat.public_id}/messages"
    again = cid()
    first = widget.post(path, {"cid": again, "text": "Once"})
    second = widget.post(path, {"cid": again.upper(), "text": "Once"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert Entry.objects.filter(body="Once").count() == 1
