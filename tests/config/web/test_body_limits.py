"""A body that is too long is refused before anything stores it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from config.web import body_limits
from config.web.body_limits import LimitBodies

pytestmark = pytest.mark.once

Receive = Callable[[], Awaitable[dict[str, Any]]]
LIMIT = 1000


def limited(application: Any, **changes: Any) -> LimitBodies:
    """The application behind the limits."""
    limits = {"limit": LIMIT, "each": 2 * LIMIT} | changes
    return LimitBodies(application, **limits, place=lambda scope: scope.get("from", "here"))


async def post(
    *chunks: bytes, announced: int | None = None, path: str = "/", method: str = "POST"
) -> tuple[list[dict[str, Any]], int]:
    """Send chunks to an application that reads them all; return its answer and what it read."""
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": n < len(chunks) - 1}
        for n, chunk in enumerate(chunks)
    ]
    sent: list[dict[str, Any]] = []
    read = 0

    async def application(scope: Any, receive: Receive, send: Any) -> None:
        nonlocal read
        more = True
        while more:
            message = await receive()
            read += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [] if announced is None else [(b"content-length", str(announced).encode())]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    await limited(application, larger={re.compile("/hooks/.*"): 3 * LIMIT})(scope, receive, send)
    return sent, read


async def test_a_body_within_the_limit_passes() -> None:
    sent, read = await post(b"x" * 600, b"x" * 400, announced=1000)
    assert (sent[0]["status"], read) == (200, 1000)


@pytest.mark.parametrize(("path", "status"), [("/hooks/mail/x/", 200), ("/hook/", 413), ("/", 413)])
async def test_more_is_taken_where_mail_is_brought(path: str, status: int) -> None:
    for announced in (1500, None):
        sent, _read = await post(b"x" * 800, b"x" * 700, announced=announced, path=path)
        assert sent[0]["status"] == status
    sent, _read = await post(b"x" * 800, b"x" * 700, path=path, method="PUT")
    assert sent[0]["status"] == 413


async def test_a_body_that_says_it_is_too_long_never_reaches_the_application() -> None:
    sent, read = await post(b"x" * 1001, announced=1001)
    assert (sent[0]["status"], read) == (413, 0)
    assert b"too_large" in sent[1]["body"]


@pytest.mark.parametrize(("announced", "left"), [(5 * LIMIT, 0), (5 * LIMIT + 1, 3)])
async def test_a_somewhat_too_long_body_is_let_in_before_it_is_refused(
    announced: int, left: int
) -> None:
    """Closed while it still comes, the connection is reset and nobody reads the answer."""
    chunks = [{"type": "http.request", "body": b"x", "more_body": n < 2} for n in range(3)]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return chunks.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-length", str(announced).encode())]
    await limited(None)(
        {"type": "http", "method": "POST", "path": "/", "headers": headers}, receive, send
    )
    assert sent[0]["status"] == 413
    assert len(chunks) == left


async def test_a_body_that_does_not_say_so_is_cut_when_it_is_too_long() -> None:
    sent, read = await post(*[b"x" * 300] * 10)
    assert (sent[0]["status"], read) == (413, 900)


async def test_a_length_that_is_no_number_is_counted_instead() -> None:
    sent, _ = await post(b"x" * 2000, announced=None)
    assert sent[0]["status"] == 413


async def test_sockets_pass_untouched() -> None:
    passed = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope)

    scope = {"type": "websocket"}
    await limited(application)(scope, None, None)
    assert passed == [scope]


@pytest.mark.parametrize("limit", ["PAUSE_SECONDS", "BODY_SECONDS"])
async def test_a_body_that_doesn_t_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(body_limits, limit, 0.05)
    sent: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Receive, send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    async def receive() -> dict[str, Any]:
        # A byte now and then keeps no connection, either.
        await asyncio.sleep(0.01 if limit == "BODY_SECONDS" else 10)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    async with asyncio.timeout(30):
        await limited(application)(scope, receive, send)
    assert sent[0]["status"] == 408


async def test_an_answer_may_take_longer_than_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limits, "PAUSE_SECONDS", 0.05)
    heard = []

    async def application(scope: Any, receive: Receive, send: Any) -> None:
        heard.append(await receive())
        # Listens whether the client has gone.
        heard.append(await receive())

    messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"x"}]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.2 if len(messages) == 1 else 0)
        return messages.pop()

    await limited(application)(
        {"type": "http", "method": "POST", "path": "/", "headers": []}, receive, None
    )
    assert [message["type"] for message in heard] == ["http.request", "http.disconnect"]


class Sender:
    """A request whose body comes piece by piece."""

    def __init__(self, app: LimitBodies, place: str) -> None:
        self._pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.answer: list[dict[str, Any]] = []
        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "from": place}
        self.task = asyncio.create_task(app(scope, self._pieces.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        self.answer.append(message)

    async def send(self, length: int, *, more: bool = True) -> None:
        """Send so many bytes, and let them arrive."""
        body = b"x" * length
        self._pieces.put_nowait({"type": "http.request", "body": body, "more_body": more})
        for _ in range(20):
            await asyncio.sleep(0)

    @property
    def status(self) -> int | None:
        """The status of the answer, when there is one."""
        return self.answer[0]["status"] if self.answer else None


async def test_the_bodies_of_one_place_are_only_so_long_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_limits, "SMALL", 100)
    app = limited(read_all)
    stalled = [Sender(app, "here") for _ in range(3)]
    for sender in stalled[:2]:
        await sender.send(LIMIT - 100)
    await stalled[2].send(201)
    assert [sender.status for sender in stalled] == [None, None, 429]
    assert (b"retry-after", b"10") in stalled[2].answer[0]["headers"]
    elsewhere = Sender(app, "there")
    await elsewhere.send(LIMIT, more=False)
    assert elsewhere.status == 200
    small = Sender(app, "here")
    await small.send(100, more=False)
    assert small.status == 200
    # What has been answered takes no room.
    await stalled[0].send(100, more=False)
    again = Sender(app, "here")
    await again.send(LIMIT, more=False)
    await stalled[1].send(0, more=False)
    assert [stalled[0].status, again.status, stalled[1].status] == [200, 200, 200]
    assert not app._held


async def read_all(scope: Any, receive: Receive, send: Any) -> None:
    """Answer when the whole body is there."""
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
