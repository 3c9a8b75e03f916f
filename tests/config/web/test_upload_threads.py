"""Uploads wait for each other, nobody else for them, and nothing of a stranger's is kept."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as configured
from django.utils import timezone

from agents.operations import create_token
from chat.links import cookie_for
from config.asgi import application, pages, uploads
from config.files.pictures import _decoding
from config.web.handler import ThreadedHandler
from tests.support.factories import make_agent, make_brand, make_conversation, make_visitor
from tests.support.http import DESK, WIDGET, picture
from tests.support.sockets import db
from tests.support.tickets import opened
from tickets.tokens import page_token

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


def answer_pages() -> dict[str, str]:
    """The pages of a chat and of a ticket, each with the cookie that opens it."""
    brand, address = make_brand(), "vera@example.com"
    chat = make_conversation(make_visitor(brand, email=address))
    ticket = opened(brand)
    until = int(time.time()) + 3600
    return {
        f"/c/{chat.public_id}/": f"imece_c={cookie_for(chat, address, until=until)}",
        f"/t/{ticket.pk}/": f"imece_t{ticket.pk}={page_token(ticket, now=timezone.now())}",
    }


async def stays_open(desk: httpx.AsyncClient, path: str, **options: Any) -> set[int]:
    """Send many pictures while none can be drawn, and meanwhile look at a page."""
    with _decoding:
        waiting = [asyncio.create_task(desk.post(path, **options)) for _ in range(MANY)]
        await asyncio.sleep(0.3)
        async with asyncio.timeout(30):
            answer = await desk.get(f"{DESK}/status")
        assert answer.status_code == 200
        assert not any(upload.done() for upload in waiting)
    return {upload.status_code for upload in await asyncio.gather(*waiting)}


async def test_pages_are_served_while_pictures_are_drawn(desk: httpx.AsyncClient) -> None:
    files = {"file": ("a.png", picture(), "image/png")}
    assert await stays_open(desk, f"{DESK}/attachments", files=files) == {201}


@pytest.mark.parametrize("number", [0, 1])
async def test_pages_are_served_while_pictures_that_customers_answer_with_are_drawn(
    desk: httpx.AsyncClient, number: int
) -> None:
    path, cookie = list((await db(answer_pages)).items())[number]
    code = "a" * 32
    headers = {"Cookie": f"{cookie}; {configured.CSRF_COOKIE_NAME}={code}", "X-CSRFToken": code}
    files = {"attached": ("a.png", picture(), "image/png")}
    # Without the form's key: drawn, and then refused.
    assert await stays_open(desk, path, files=files, headers=headers) == {400}
    # And larger ones are taken where the cookie opens the page.
    files = {"attached": ("a.txt", b"merhaba " * 400_000, "text/plain")}
    assert (await desk.post(path, files=files, headers=headers)).status_code == 400


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long the bodies were that somebody kept."""
    lengths: list[int] = []
    read_body = ThreadedHandler.read_body

    async def noted(self: Any, receive: Any) -> Any:
        body = await read_body(self, receive)
        lengths.append(len(body.read()))
        body.seek(0)
        return body

    monkeypatch.setattr(ThreadedHandler, "read_body", noted)
    return lengths


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{DESK}/attachments", 401),
        (f"{WIDGET}/attachments", 401),
        (f"{DESK}/canned-replies/1/files", 401),
        ("/profile/picture/", 302),
        ("/profile/canned/", 302),
        ("/profile/canned/1/", 302),
        ("/admin/agents/cannedreply/add/", 302),
        ("/admin/agents/cannedreply/1/change/", 302),
        ("/admin/agents/brand/add/", 302),
        ("/admin/agents/brand/1/change/", 302),
        ("/t/1/", 404),
        ("/c/x/", 404),
    ],
)
async def test_nothing_of_a_file_is_kept_before_it_is_known_who_sends_it(
    desk: httpx.AsyncClient, taken: list[int], path: str, status: int
) -> None:
    files = {"file": ("a.txt", b"merhaba " * 300_000, "text/plain")}
    stranger = {"Authorization": "Bearer guess"}
    answer = await desk.post(path, files=files, headers=stranger)
    assert answer.status_code == status
    assert sum(taken) == 0
    assert (await desk.post(f"{DESK}/attachments", files=files)).status_code == 201
    assert sum(taken) > 2_400_000


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/login/"),
        ("POST", "/admin/login/"),
        ("POST", "/t/1/close/"),
        ("POST", f"{WIDGET}/sessions"),
        ("PUT", f"{DESK}/attachments"),
        ("GET", "/c/x/"),
    ],
)
async def test_files_are_taken_by_the_doors_for_files_alone(
    desk: httpx.AsyncClient, taken: list[int], method: str, path: str
) -> None:
    answer = await desk.request(method, path, content=b"x" * 1_200_000)
    assert answer.status_code == 413
    assert sum(taken) == 0
