"""What the site tells of a visitor, for the agents' eyes."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from chat.models import Visitor
from tests.support.http import Shop, Widget, open_widget, started

pytestmark = pytest.mark.django_db


def names(visitor: Visitor) -> list[str]:
    """What is kept, oldest first."""
    return [each["name"] for each in visitor.events]


def test_an_event_of_a_known_visitor_is_kept_with_its_time(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    started(widget)
    answer = widget.post("events", {"name": " added_to_cart\n "})
    assert (answer.status_code, answer.content) == (204, b"")
    [kept] = widget.visitor.events
    assert kept["name"] == "added_to_cart"
    assert abs(datetime.fromisoformat(kept["at"]) - timezone.now()) < timedelta(seconds=10)


def test_nothing_is_kept_of_somebody_who_never_wrote(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    assert widget.post("events", {"name": "added_to_cart"}).status_code == 204
    assert not Visitor.objects.exists()


def test_what_was_told_before_comes_with_the_first_message(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    told = [{"name": "saw_prices", "ago": 90}, {"name": "added_to_cart"}]
    assert widget.start(events=told).status_code == 201
    first, second = widget.visitor.events
    assert (first["name"], second["name"]) == ("saw_prices", "added_to_cart")
    between = datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"])
    assert between == timedelta(seconds=90)


def test_only_the_newest_twenty_are_kept(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    widget.start(events=[{"name": f"e{number}"} for number in range(20)])
    widget.post("events", {"name": "newest"})
    assert names(widget.visitor) == [*(f"e{number}" for number in range(1, 20)), "newest"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": 7},
        {"name": "a", "x": 1},
    ],
)
def test_what_is_no_event_is_refused(shop: Shop, body: dict[str, object]) -> None:
    assert open_widget(shop.brand).post("events", body).status_code == 400


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("x" * 59 + "🛒", "x" * 59 + "🛒"),
        ("x" * 61, "x" * 60),
        ("a\0b", "a\ufffdb"),
        ("half \ud83c", "half ?"),
        ("", None),
        ("\u202e", None),
        ("\u200b", None),
    ],
)
def test_any_string_is_taken_cut_and_mended(shop: Shop, told: str, kept: str | None) -> None:
    widget = open_widget(shop.brand)
    started(widget)
    assert widget.post("events", {"name": told}).status_code == 204
    assert names(widget.visitor) == ([kept] if kept else [])


def test_a_start_keeps_the_newest_and_refuses_nothing(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    many = [{"name": f"e{number}"} for number in range(30)]
    odd = [7, {"ago": 1}, {"name": "y", "ago": -1, "x": 1}, {"name": "z", "ago": "soon"}]
    assert widget.start(events=[*many, *odd]).status_code == 201
    assert names(widget.visitor) == [*(f"e{number}" for number in range(12, 30)), "y", "z"]


@pytest.mark.usefixtures("early_in_the_hour")
def test_events_have_a_limit_of_their_own(shop: Shop, settings) -> None:
    settings.IMECE = settings.IMECE | {"SITE_EVENTS_PER_MINUTE": 2}
    widget = Widget(shop.brand)
    widget.open()
    answers = [widget.post("events", {"name": "x"}).status_code for _ in range(3)]
    assert answers == [204, 204, 429]
