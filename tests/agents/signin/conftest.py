"""Elif, who has a password."""

import pytest

from tests.support.accounts import PASSWORD
from tests.support.factories import make_agent


@pytest.fixture
def agent():
    return make_agent(email="elif@example.com", password=PASSWORD, language="en")
