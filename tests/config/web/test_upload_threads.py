"""Uploads wait for each other, nobody else for them, and nothing of a stranger's is kept."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.operations import create_token
from config.asgi import application, pages, uploads
from config.files.pictures import _decoding
from config.web.handler import ThreadedHandler
from tests.support.factories import make_agent
from tests.support.http import DESK, WIDGET, picture
from tests.support.sockets import db

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 12
PICTURE = "/profile/picture/"


@pytest.fixture
async def desk(settings: Any, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings.MEDIA_ROOT = tmp_path
    agent = await db(make_agent)
    _token, raw = await db(lambda: create_token(agent=agent, name="test", by=agent))
    transport = httpx.ASGITransport(app=application)
    headers = {"Authorization": f"Bearer {raw}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=headers
    ) as client:
        yield client
    for served in (pages, uploads):
        await asyncio.to_thread(served.threads.close)


async def test_pages_are_served_while_pictures_are_drawn(desk: httpx.AsyncClient) -> None:
    files = {"file": ("a.png", picture(), "image/png")}
    with _decoding:
        waiting = [
            asyncio.create_task(desk.post(f"{DESK}/attachments", files=files)) for _ in range(MANY)
        ]
        await asyncio.sleep(0.3)
        async with asyncio.timeout(5):
            answer = await desk.get(f"{DESK}/status")
        assert answer.status_code == 200
        assert not any(upload.done() for upload in waiting)
    assert {upload.status_code for upload in await asyncio.gather(*waiting)} == {201}


@pytest.mark.parametrize("path", [f"{DESK}/attachments", f"{WIDGET}/attachments", PICTURE])
async def test_nothing_of_a_file_is_kept_before_it_is_known_who_sends_it(
    desk: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    taken: list[int] = []
    read_body = ThreadedHandler.read_body

    async def noted(self: Any, receive: Any) -> Any:
        body = await read_body(self, receive)
        taken.append(len(body.read()))
        body.seek(0)
        return body

    monkeypatch.setattr(ThreadedHandler, "read_body", noted)
    files = {"file": ("a.txt", b"merhaba " * 100_000, "text/plain")}
    stranger = {"Authorization": "Bearer guess"}
    answer = await desk.post(path, files=files, headers=stranger)
    assert answer.status_code == (302 if path == PICTURE else 401)
    assert sum(taken) == 0
    assert (await desk.post(f"{DESK}/attachments", files=files)).status_code == 201
    assert sum(taken) > 800_000
