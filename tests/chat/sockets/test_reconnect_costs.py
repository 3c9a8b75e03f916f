"""What it costs when widgets come back: statements of a session, of the calls after it, of a hello.

Cold means that nobody asked about the brand within the last half second.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.hours.book import book_of
from agents.models import Agent, Status
from agents.operations import set_status
from chat.models import Conversation
from chat.operations.announcements import announce_changes
from chat.routing import shown
from chat.routing.shown import SHARED_FOR, forget_shown
from config.cache import SharedCache
from tests.support import servers
from tests.support.factories import make_topic
from tests.support.http import Shop, Widget, make_shop, open_widget, started, taken

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """A brand with some topics and somebody at work."""
    shop = make_shop()
    for _ in range(4):
        make_topic(shop.brand, shop.team)
    return shop


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    """No time passes, however busy the machine is."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def cost(widget: Widget, path: str = "sessions") -> int:
    """How many statements a call costs."""
    with CaptureQueriesContext(connection) as queries:
        answer = widget.open() if path == "sessions" else widget.get(path)
    assert answer.status_code in {200, 201}, answer.content
    return len(queries)


def state(widget: Widget) -> str:
    """What the widget is told."""
    answered: str = widget.get("availability").json()["state"]
    return answered


def test_a_new_session_costs_nothing_but_ten_statements_cold(shop: Shop) -> None:
    # Hours are read once and kept until somebody changes them.
    book_of(timezone.now())
    forget_shown()
    assert cost(Widget(shop.brand)) == 10
    assert cost(Widget(shop.brand)) == 0
    # Its texts and faces.
    assert cost(Widget(shop.brand, language="tr")) == 2
    assert cost(Widget(shop.brand, language="tr")) == 0


def test_a_renewal_costs_three_statements_with_an_open_chat_and_two_without(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    chat = started(widget)
    forget_shown()
    # The floor is read once, for the availability and for the place in line.
    assert cost(widget) == 14
    assert cost(widget) == 3
    taken(chat, shop.elif_)
    assert cost(widget) == 3
    chat.status = Conversation.Status.RESOLVED
    chat.save()
    assert cost(widget) == 2


def test_availability_costs_strangers_and_visitors_one_statement(shop: Shop) -> None:
    stranger, visitor = open_widget(shop.brand), open_widget(shop.brand)
    started(visitor)
    forget_shown()
    assert cost(stranger, "availability") == 9
    assert cost(stranger, "availability") == 1
    assert cost(visitor, "availability") == 1


def test_the_widgets_page_costs_two_statements(shop: Shop) -> None:
    client = Widget(shop.brand).client
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/widget/frame/?site={shop.brand.site_key}&language=en")
    assert (answer.status_code, len(queries)) == (200, 2)


def test_many_who_wait_cost_one_look_at_the_line(shop: Shop) -> None:
    waiting = [open_widget(shop.brand) for _ in range(4)]
    for widget in waiting:
        started(widget)
    forget_shown()
    assert [cost(widget) for widget in waiting] == [15, 3, 3, 3]
    told = [widget.open().json()["conversation"]["position"] for widget in waiting]
    assert told == [1, 2, 3, 4]


def test_somebody_who_just_queued_is_told_a_place(shop: Shop) -> None:
    first, second = open_widget(shop.brand), open_widget(shop.brand)
    started(first)
    assert first.open().json()["conversation"]["position"] == 1
    started(second)
    assert second.open().json()["conversation"]["position"] == 2


def test_an_answer_is_shared_for_half_a_second(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    assert state(widget) == "online"
    Agent.objects.update(status=Status.OFFLINE)
    assert state(widget) == "online"
    with time_machine.travel(timezone.now() + SHARED_FOR, tick=False):
        assert state(widget) == "offline"


def test_nobody_is_told_what_is_older_than_an_announcement(shop: Shop) -> None:
    announce_changes(now=timezone.now())
    widget = open_widget(shop.brand)
    assert state(widget) == "online"
    now = timezone.now()
    set_status(agent=shop.elif_, status=Status.BREAK, by=shop.elif_, now=now)
    announce_changes(now=now)
    assert state(widget) == "offline"


def test_a_look_that_began_before_an_announcement_is_not_shared(shop: Shop, monkeypatch) -> None:
    widget = open_widget(shop.brand)
    forget_shown()
    real = shown.read_floor

    def overtaken(now):
        floor = real(now)
        Agent.objects.update(status=Status.OFFLINE)
        forget_shown()
        return floor

    monkeypatch.setattr(shown, "read_floor", overtaken)
    assert state(widget) == "online"
    monkeypatch.setattr(shown, "read_floor", real)
    assert state(widget) == "offline"


def test_brands_share_nothing(shop: Shop) -> None:
    assert state(open_widget(shop.brand)) == "online"
    assert state(open_widget(make_shop(online=False).brand)) == "offline"


def test_without_redis_answers_grow_old_by_time_alone(shop: Shop, settings: Any) -> None:
    widget = open_widget(shop.brand)
    nowhere = f"redis://127.0.0.1:{servers.free_port()}/0"
    settings.CACHES = {"default": {"BACKEND": "config.cache.SharedCache", "LOCATION": nowhere}}
    SharedCache.away_until = 0.0
    try:
        assert state(widget) == "online"
        Agent.objects.update(status=Status.OFFLINE)
        assert state(widget) == "online"
        with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False):
            assert state(widget) == "offline"
    finally:
        SharedCache.away_until = 0.0
