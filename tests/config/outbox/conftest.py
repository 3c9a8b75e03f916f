"""Two kinds of work."""

from typing import Any

import pytest

from config.outbox import operations
from tests.config.outbox.work import Boom, Kinds


@pytest.fixture
def done(kinds: Kinds) -> list[Any]:
    """What the kind `note` has done; `fail` always raises."""
    seen: list[Any] = []
    operations.register("note", lambda payload: seen.append(payload["n"]))

    def fail(payload: dict[str, Any]) -> None:
        raise Boom(f"no route to vera@example.com for {payload['n']}")

    operations.register("fail", fail)
    return seen
