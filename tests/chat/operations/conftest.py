"""A desk with one agent who is there."""

import pytest

from tests.support.desk import Desk, make_desk


@pytest.fixture
def desk() -> Desk:
    return make_desk()
