"""A chat whose customer has gone, and a mail server that takes what they are told."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine

from chat.models import Conversation, Visitor
from config.outbox.operations import drain
from tests.support.http import Shop, Widget, make_shop, open_widget, started, taken
from tests.support.mail import Smtp, smtp_server
from tickets.models import Mailbox

START = datetime.fromisoformat("2026-11-25T10:00:00+03:00")


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def smtp(settings: Any) -> Iterator[Smtp]:
    settings.OUTBOUND_PRIVATE = ["127.0.0.1"]
    with smtp_server() as server:
        yield server


@pytest.fixture
def shop(smtp: Smtp) -> Shop:
    shop = make_shop(name="Nimbus")
    Mailbox.objects.create(
        brand=shop.brand,
        address="help@nimbus.example",
        display_name="Nimbus Help",
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_security="none",
    )
    return shop


@pytest.fixture
def widget(clock: Any, shop: Shop) -> Widget:
    return open_widget(shop.brand)


@pytest.fixture
def chat(shop: Shop, widget: Widget) -> Conversation:
    chat = taken(started(widget, "Where is my order?"), shop.elif_)
    Visitor.objects.update(email="vera@example.com")
    drain()
    return chat
