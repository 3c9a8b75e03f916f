"""Elif's program at the desk."""

import pytest

from tests.support.http import Desk, Shop


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop.elif_)
