"""The probes tell which part fails, never why, and answer whatever hangs."""

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from config.outbox.models import OutboxEntry
from config.web import health
from tests.support import servers

pytestmark = pytest.mark.django_db(transaction=True)


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the probes."""
    raise AssertionError(scope["path"])


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> Iterator[health.Probes]:
    monkeypatch.setattr(health, "_migrated", False)
    probes = health.Probes(nothing)
    yield probes
    probes.close()


async def ask(probes: health.Probes, path: str = "/readyz", method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(probes)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        return await client.request(method, path)


async def test_a_living_process_says_so_whatever_its_database_does(
    probes: health.Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECKS", {})
    response = await ask(probes, "/healthz")
    assert (response.status_code, response.content) == (200, b"ok")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_process_that_can_serve_is_ready(probes: health.Probes) -> None:
    response = await ask(probes)
    assert response.status_code == 200
    assert response.json()["ready"] is True
    assert set(response.json()["parts"]) == {"database", "migrations", "disk", "redis", "outbox"}


async def test_it_is_not_ready_without_its_database(
    probes: health.Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("password authentication failed for user imece")

    monkeypatch.setitem(health.CHECKS, "database", refuse)
    response = await ask(probes)
    assert response.status_code == 503
    assert response.json()["parts"]["database"] == "failing"
    assert b"password" not in response.content


async def test_a_part_that_hangs_is_failing_and_holds_up_no_other(
    probes: health.Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.2)
    hanging, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        assert hanging.wait(30)

    monkeypatch.setitem(health.CHECKS, "database", hang)
    try:
        for _ in range(3):
            response = await ask(probes)
            assert response.status_code == 503
            assert response.json()["parts"]["database"] == "failing"
        # However often it was asked, one thread waits for it.
        assert asked == [1]
    finally:
        hanging.set()


async def test_it_is_not_ready_before_every_migration_is_applied(
    probes: health.Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Behind(health.MigrationExecutor):
        def migration_plan(self, *args: Any, **kwargs: Any) -> Any:
            return ["outbox.0001_initial"]

    monkeypatch.setattr(health, "MigrationExecutor", Behind)
    response = await ask(probes)
    assert response.status_code == 503
    assert response.json()["parts"]["migrations"] == "failing"


async def test_it_is_not_ready_when_nothing_more_can_be_written(
    probes: health.Probes, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free=1024))
    assert (await ask(probes)).json()["parts"]["disk"] == "failing"
    monkeypatch.undo()
    settings.DATA_DIR = tmp_path / "gone"
    response = await ask(probes)
    assert response.status_code == 503
    assert response.json()["parts"]["disk"] == "failing"


async def test_an_absent_redis_is_told_but_visitors_are_still_served(
    probes: health.Probes, settings: Settings
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{servers.free_port()}/0"
    response = await ask(probes)
    assert response.status_code == 200
    assert response.json()["parts"]["redis"] == "failing"


async def test_effects_that_nobody_does_are_told(probes: health.Probes) -> None:
    long_ago = timezone.now() - timedelta(minutes=3)
    await OutboxEntry.objects.acreate(kind="x", key="x", payload={}, available_at=long_ago)
    assert (await ask(probes)).json()["parts"]["outbox"] == "failing"


async def test_probes_only_read(probes: health.Probes) -> None:
    assert (await ask(probes, method="POST")).status_code == 405
