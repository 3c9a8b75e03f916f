"""Uploads wait for each other, and nobody else for them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.operations import create_token
from config.asgi import application, pages, uploads
from config.files.pictures import _decoding
from tests.support.factories import make_agent
from tests.support.http import DESK, picture
from tests.support.sockets import db

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 12


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
