"""A visitor, an agent who is Online, and their chat."""

import pytest
from django.utils import timezone

from tests.support.factories import make_agent, make_brand, make_conversation, make_visitor


@pytest.fixture
def vera():
    return make_visitor(make_brand())


@pytest.fixture
def elif_():
    return make_agent(online=True)


@pytest.fixture
def chat(vera, elif_):
    return make_conversation(vera, assignee=elif_, status="active", accepted_at=timezone.now())
