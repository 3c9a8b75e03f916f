"""Elif at her desk."""

import pytest

from tests.chat.console.desk import Desk, make_desk


@pytest.fixture
def desk() -> Desk:
    return make_desk()
