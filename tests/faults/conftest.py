"""What processes meet that are killed or compete."""

from collections.abc import Iterator

import pytest

from tests.support.mail import Smtp, smtp_server


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    """A mail server that takes everything."""
    with smtp_server() as server:
        yield server
