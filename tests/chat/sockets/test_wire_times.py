"""Every moment on the wire has one spelling: UTC, milliseconds, Z."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from agents.events import AgentStatusChanged
from agents.operations import set_status
from chat.events.lifecycle import OfferMade
from chat.operations.assignment import route
from tests.support.factories import make_role
from tests.support.http import Desk, make_shop, open_widget, started, taken

pytestmark = pytest.mark.django_db

WIRE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MOMENT = re.compile(r"(.*_)?(at|since|until)")


def moments(value: Any, name: str = "") -> Iterator[str]:
    """Return every moment in an answer, by the names of its fields."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield from moments(held, key)
    elif isinstance(value, list):
        for held in value:
            yield from moments(held, name)
    elif value is not None and MOMENT.fullmatch(name):
        yield value


def test_the_desks_answers_have_it(subtests: pytest.Subtests) -> None:
    shop = make_shop()
    make_role("chat", "archive", "tickets", scope="all").grants.create(agent=shop.elif_)
    widget = open_widget(shop.brand)
    taken(started(widget), shop.elif_)
    left = {"cid": "6f1b0c5e-8a55-4f0c-9c1e-6a4a35d5f0a1", "text": "Hello"}
    fields = {"name": "Vera", "email": "vera@example.com"}
    assert widget.post("offline-messages", {"fields": fields, **left}).status_code == 201
    desk = Desk(shop.elif_)
    for path in ("conversations", "tickets", "contacts", "status", "agents"):
        with subtests.test(path):
            found = list(moments(desk.get(path).json()))
            assert found
            assert [each for each in found if not WIRE.fullmatch(each)] == []


def test_the_events_have_it(announced: list[Any]) -> None:
    shop = make_shop()
    shop.team.auto_accept = False
    shop.team.save()
    set_status(agent=shop.elif_, status="break", by=shop.elif_, now=timezone.now())
    set_status(agent=shop.elif_, status="online", by=shop.elif_, now=timezone.now())
    started(open_widget(shop.brand))
    route(now=timezone.now())
    (offer,) = [each for each in announced if isinstance(each, OfferMade)]
    status = next(each for each in announced if isinstance(each, AgentStatusChanged))
    assert WIRE.fullmatch(offer.rings_until)
    assert WIRE.fullmatch(status.since)
