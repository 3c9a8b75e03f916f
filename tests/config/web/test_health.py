"""The probes tell which part fails, never why."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.outbox.models import OutboxEntry
from config.web import health
from tests.support import servers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)


def test_a_living_process_says_so_without_a_query(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")
    assert "no-store" in response["Cache-Control"]


def test_a_process_that_can_serve_is_ready(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["ready"] is True
    assert set(response.json()["parts"]) == {"database", "migrations", "redis", "outbox"}


def test_it_is_not_ready_without_its_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("password authentication failed for user imece")

    monkeypatch.setitem(health._CHECKS, "database", refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["database"] == "failing"
    assert b"password" not in response.content


def test_it_is_not_ready_before_every_migration_is_applied(client: Client) -> None:
    MigrationRecorder(connection).record_unapplied("outbox", "0001_initial")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["migrations"] == "failing"


def test_an_absent_redis_is_told_but_visitors_are_still_served(
    client: Client, settings: Settings
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{servers.free_port()}/0"
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["parts"]["redis"] == "failing"


def test_effects_that_nobody_does_are_told(client: Client) -> None:
    long_ago = timezone.now() - timedelta(minutes=3)
    OutboxEntry.objects.create(kind="x", key="x", payload={}, available_at=long_ago)
    assert client.get("/readyz").json()["parts"]["outbox"] == "failing"


def test_probes_only_read(client: Client) -> None:
    assert client.post("/readyz").status_code == 405
