"""Fixtures of the ground's tests."""

import pytest

from config.outbox import registry


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, registry.Registration]:
    """An outbox registry of this test's own, empty."""
    empty: dict[str, registry.Registration] = {}
    monkeypatch.setattr(registry, "_kinds", empty)
    return empty
