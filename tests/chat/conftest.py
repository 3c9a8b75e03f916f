"""A visitor, an agent who is Online, and their chat; a shop, and a browser on its site."""

from typing import Any

import pytest
from django.utils import timezone

from tests.support.factories import make_agent, make_brand, make_conversation, make_visitor
from tests.support.http import Shop, Widget, make_shop, open_widget


@pytest.fixture
def vera():
    return make_visitor(make_brand())


@pytest.fixture
def elif_():
    return make_agent(online=True)


@pytest.fixture
def chat(vera, elif_):
    return make_conversation(vera, assignee=elif_, status="active", accepted_at=timezone.now())


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def widget(shop: Shop) -> Widget:
    return open_widget(shop.brand)


@pytest.fixture
def no_limits(settings: Any) -> None:
    """Let one visitor ask as often as a test has cases."""
    settings.IMECE = {
        name: 10**9 if "_PER_" in name else value for name, value in settings.IMECE.items()
    }
