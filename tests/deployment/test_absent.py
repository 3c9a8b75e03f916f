"""What the suite does on a machine without PostgreSQL, Redis or Chromium."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import chromium, servers


def start_postgres() -> None:
    with servers.postgres_server():
        pass


def start_redis() -> None:
    with servers.redis_server():
        pass


NEEDED = [
    (start_postgres, "No PostgreSQL here: apt-get install postgresql"),
    (start_redis, "No Redis here: apt-get install redis-server"),
    (chromium.find_chromium, "No Chromium here: apt-get install chromium-headless-shell"),
]


@pytest.fixture(autouse=True)
def _nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(servers, "POSTGRES_HOMES", Path("/nowhere"))
    monkeypatch.delenv("CHROMIUM", raising=False)


@pytest.mark.parametrize(("need", "reason"), NEEDED)
def test_a_test_that_needs_what_is_absent_is_skipped_and_says_why(
    monkeypatch: pytest.MonkeyPatch, need: Callable[[], object], reason: str
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=reason):
        need()


@pytest.mark.parametrize(("need", "reason"), NEEDED)
def test_in_ci_it_fails_instead(
    monkeypatch: pytest.MonkeyPatch, need: Callable[[], object], reason: str
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises((RuntimeError, pytest.fail.Exception), match=reason):
        need()
