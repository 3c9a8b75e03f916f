"""A disk that is full or read-only: nothing is stored, and every door says so and asks to wait."""

import errno
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from config.web.handler import ThreadedHandler
from tests.support.factories import make_agent
from tests.support.http import picture

PASSWORD = "a-long-password-2026"


def _is_told_to_wait(answer: Any) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.fixture
def browser() -> Client:
    """An agent's browser that gets answers instead of exceptions."""
    agent = make_agent(email="elif@desk.example")
    agent.set_password(PASSWORD)
    agent.save()
    browser = Client(raise_request_exception=False)
    browser.force_login(agent)
    return browser


@pytest.fixture
def read_only(browser: Client) -> Iterator[None]:
    """The database of a disk that was mounted again for reading only."""
    if settings.IS_SQLITE:
        before, after = "PRAGMA query_only = 1", "PRAGMA query_only = 0"
    else:
        before = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
        after = "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"
    with connection.cursor() as cursor:
        cursor.execute(before)
    yield
    with connection.cursor() as cursor:
        cursor.execute(after)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("read_only")
def test_pages_and_calls_ask_to_wait_when_the_database_cant_be_written(browser: Client) -> None:
    assert browser.get("/console/").status_code == 200
    form = {"login": "elif@desk.example", "password": PASSWORD}
    signed_in = Client(raise_request_exception=False).post("/accounts/login/", form)
    _is_told_to_wait(signed_in)
    assert "Nothing was stored" in signed_in.content.decode()
    _is_told_to_wait(browser.post("/api/v1/status", {"status": "online"}, "application/json"))


@pytest.mark.django_db
def test_a_file_for_which_there_is_no_room_can_be_sent_again(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/path")

    monkeypatch.setattr(FileSystemStorage, "_save", save)
    file = SimpleUploadedFile("a.png", picture(), "image/png")
    answer = browser.post("/api/v1/attachments", {"file": file})
    _is_told_to_wait(answer)
    assert b"secret" not in answer.content


async def test_a_body_for_which_there_is_no_room_can_be_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def read(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ThreadedHandler, "read_body", read)
    pages = ThreadedHandler(threads=1, place=lambda scope: "")
    transport = httpx.ASGITransport(app=pages, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        _is_told_to_wait(await client.post("/accounts/login/", content=b"x"))
