"""Requests on their way through the few threads that serve them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core import signals
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.test import override_settings
from django.urls import path
from django.utils import translation

from config.web.handler import ThreadedHandler

THREADS = 2


class Door:
    """A view that counts who is inside, and lets them out when the test says so."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        # Addresses in the order in which they came in.
        self.entered: list[str] = []
        self.inside = self.most = 0
        self.two_inside = threading.Event()
        self.may_leave = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.threads.add(threading.get_ident())
            self.entered.append(request.META["REMOTE_ADDR"])
            if self.inside == THREADS:
                self.two_inside.set()
        assert self.may_leave.wait(30)
        with self._lock:
            self.inside -= 1
        return HttpResponse("out")


door = Door()
seen: dict[str, Any] = {}
came: asyncio.Queue[str]


def speaks(request: HttpRequest) -> HttpResponse:
    """Answer in which language the thread is, then leave it in Turkish."""
    before = translation.get_language()
    translation.activate("tr")
    return HttpResponse(before)


def asks(request: HttpRequest) -> HttpResponse:
    """Ask the database something."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("asked")


def download(request: HttpRequest) -> FileResponse:
    """Answer with a large file."""
    file = (settings.MEDIA_ROOT / "large.bin").open("rb")
    seen["file"] = file
    return FileResponse(file)


def broken(request: HttpRequest) -> HttpResponseBase:
    """Fail."""
    raise ValueError("secret")


urlpatterns = [
    path("door", lambda request: door(request)),
    path("speaks", speaks),
    path("asks", asks),
    path("download", download),
    path("broken", broken),
]
handler500 = "config.web.errors.server_error"


def place(scope: Any) -> str:
    """Return whose turn a request waits for, and tell the test that it stands in line now."""
    address: str = scope.get("client", ("",))[0]
    came.put_nowait(address)
    return address


@pytest.fixture
def pages() -> Iterator[ThreadedHandler]:
    global came
    came = asyncio.Queue()
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        pages = ThreadedHandler(threads=THREADS, place=place)
        yield pages
        pages.threads.close()


def client(pages: ThreadedHandler, address: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=pages, raise_app_exceptions=False, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def test_a_crowd_is_served_by_few_threads_that_stay(pages: ThreadedHandler) -> None:
    global door
    door = Door()
    async with client(pages) as browser:
        crowd = [asyncio.create_task(browser.get("/door")) for _ in range(8)]
        assert await asyncio.to_thread(door.two_inside.wait, 30)
        door.may_leave.set()
        answers = await asyncio.gather(*crowd)
    assert [answer.text for answer in answers] == ["out"] * 8
    assert door.most == THREADS
    assert len(door.threads) == THREADS


async def test_a_crowd_from_one_address_waits_for_itself_and_not_others_for_it(
    pages: ThreadedHandler,
) -> None:
    global door
    door = Door()
    async with client(pages) as many, client(pages, "192.0.2.7") as one:
        crowd = [asyncio.create_task(many.get("/door")) for _ in range(10)]
        assert await asyncio.to_thread(door.two_inside.wait, 30)
        crowd.append(asyncio.create_task(one.get("/door")))
        for _ in range(11):
            await came.get()
        door.may_leave.set()
        await asyncio.gather(*crowd)
    # After those inside, one of the crowd, and whoever comes in beside it.
    assert door.entered.index("192.0.2.7") <= THREADS + 2


async def test_what_one_request_sets_the_next_does_not_find(pages: ThreadedHandler) -> None:
    async with client(pages) as browser:
        said = [(await browser.get("/speaks")).text for _ in range(2 * THREADS)]
    assert said == [settings.LANGUAGE_CODE] * 2 * THREADS


@pytest.mark.django_db(transaction=True)
async def test_a_thread_keeps_a_connection_to_sqlite_and_gives_back_one_to_postgresql(
    pages: ThreadedHandler,
) -> None:
    found = []
    async with client(pages) as browser:
        for _ in range(3 * THREADS):
            await browser.get("/asks")
            found.append(await pages._in_thread(lambda: connection.connection))
    if settings.IS_SQLITE:
        kept = [each for each in found if each is not None]
        assert kept
        assert len(set(map(id, kept))) <= THREADS
    else:
        assert found == [None] * len(found)


async def test_a_file_is_sent_in_parts_and_closed(
    pages: ThreadedHandler, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(range(256)) * 1024
    (tmp_path / "large.bin").write_bytes(content)
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    scope = {"type": "http", "method": "GET", "path": "/download", "headers": []}
    await pages(scope | {"query_string": b""}, receive, send)
    assert b"".join(parts) == content
    assert max(map(len, parts)) <= ThreadedHandler.chunk_size
    assert seen["file"].closed


@pytest.mark.parametrize("address", ["/asks", "/speaks", "/broken", "/nowhere"])
@pytest.mark.django_db(transaction=True)
async def test_every_request_starts_and_ends_once_in_one_thread(
    pages: ThreadedHandler, address: str
) -> None:
    told: list[tuple[str, int]] = []

    def note(name: str) -> Callable[..., None]:
        return lambda **_: told.append((name, threading.get_ident()))

    started, finished = note("started"), note("finished")
    signals.request_started.connect(started)
    signals.request_finished.connect(finished)
    try:
        async with client(pages) as browser:
            await browser.get(address)
    finally:
        signals.request_started.disconnect(started)
        signals.request_finished.disconnect(finished)
    assert [name for name, _ in told] == ["started", "finished"]
    assert len({thread for _, thread in told}) == 1


async def test_nobody_works_for_a_client_that_left_while_it_stood_in_line(
    pages: ThreadedHandler,
) -> None:
    global door
    door = Door()
    has_left = asyncio.Event()
    seen["asked"] = 0
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        has_left.set()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        seen["asked"] += 1

    scope = {"type": "http", "method": "GET", "path": "/asks", "headers": [], "query_string": b""}
    async with client(pages) as browser:
        crowd = [asyncio.create_task(browser.get("/door")) for _ in range(THREADS)]
        assert await asyncio.to_thread(door.two_inside.wait, 30)
        leaver = asyncio.create_task(pages(scope, receive, send))
        async with asyncio.timeout(30):
            await has_left.wait()
        door.may_leave.set()
        await asyncio.gather(leaver, *crowd)
    assert seen["asked"] == 0


async def test_nobody_works_for_a_client_that_left_in_the_middle(pages: ThreadedHandler) -> None:
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    await pages({"type": "http", "method": "POST", "path": "/asks", "headers": []}, receive, send)
    assert told == []
