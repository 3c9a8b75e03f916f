"""The line before the door that all widgets come to at once."""

import asyncio
from typing import Any

import pytest

from config.web.waiting_line import AWAY_SECONDS, BODY_MAX, WaitingLine

DOOR = "/api/widget/v1/sessions"


def lane_before(app: Any, *, at_once: int, waiting: int, each: int = 100) -> WaitingLine:
    """A line at the door, in which `waiting` may stand: it moves once a second."""
    place = {"place": lambda scope: scope["from"]}
    size = {"at_once": at_once, "seconds": waiting, "each": each, "pace": 1.0}
    return WaitingLine(app, app, paths={DOOR}, **size, **place)


class Server:
    """An application whose answers wait until the test lets them go."""

    def __init__(self) -> None:
        self.at_work: list[bytes] = []
        self.second_came = asyncio.Event()
        self.most = 0
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        self.at_work.append(body)
        self.most = max(self.most, len(self.at_work))
        if len(self.at_work) == 2:
            self.second_came.set()
        await self.may_answer.wait()
        self.at_work.remove(body)
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": body})


class Client:
    """One request; it stays on the line until the answer comes or it goes."""

    def __init__(self, app: Any, body: bytes, path: str = DOOR, place: str = "here") -> None:
        self.gone = asyncio.Event()
        self.answer: list[Any] = []
        self._chunks = [body[:5], body[5:]]
        self.task = asyncio.create_task(
            app({"type": "http", "path": path, "from": place}, self._receive, self._send)
        )

    async def _receive(self) -> Any:
        if self._chunks:
            chunk = self._chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(self._chunks)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.answer.append(message)

    async def status(self) -> int:
        await asyncio.wait_for(self.task, 30)
        status: int = self.answer[0]["status"]
        return status


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
async def server() -> Server:
    return Server()


async def test_so_many_are_at_work_and_the_others_wait_their_turn(server: Server) -> None:
    lane = lane_before(server, at_once=2, waiting=10)
    clients = [Client(lane, b"number %d" % number) for number in range(6)]
    await settle()
    assert server.at_work == [b"number 0", b"number 1"]
    server.may_answer.set()
    assert [await client.status() for client in clients] == [201] * 6
    assert [client.answer[1]["body"] for client in clients] == [b"number %d" % n for n in range(6)]
    assert server.most == 2


async def test_who_comes_to_a_full_line_is_told_when_to_come_again(server: Server) -> None:
    lane = lane_before(server, at_once=1, waiting=2)
    clients = [Client(lane, b"number %d" % number) for number in range(4)]
    assert await clients[3].status() == 503
    headers = dict(clients[3].answer[0]["headers"])
    assert int(headers[b"retry-after"]) in {3, 4}
    assert headers[b"content-type"] == b"application/problem+json"
    server.may_answer.set()
    assert [await client.status() for client in clients[:3]] == [201] * 3
    assert await Client(lane, b"later").status() == 201


async def test_each_who_is_sent_away_is_given_the_next_turn_but_none_in_an_hour(
    server: Server,
) -> None:
    lane = lane_before(server, at_once=1, waiting=1)
    inside = [Client(lane, b"number %d" % number) for number in range(2)]
    away = [Client(lane, b"too late") for _ in range(80)]
    assert [await client.status() for client in away] == [503] * 80
    told = [int(dict(client.answer[0]["headers"])[b"retry-after"]) for client in away]
    assert told[:40] == sorted(told[:40])
    assert told[0] in {2, 3}
    assert told[39] in {41, 42}
    assert all(AWAY_SECONDS / 2 <= seconds <= AWAY_SECONDS for seconds in told[45:])
    server.may_answer.set()
    assert [await client.status() for client in inside] == [201, 201]


async def test_a_line_that_moves_fast_is_a_long_one(server: Server) -> None:
    lane = lane_before(server, at_once=1, waiting=3)
    for _ in range(30):
        clients = [Client(lane, b"number %d" % number) for number in range(4)]
        await settle()
        server.may_answer.set()
        assert [await client.status() for client in clients] == [201] * 4
        server.may_answer.clear()
    clients = [Client(lane, b"number %d" % number) for number in range(8)]
    await settle()
    assert [client.answer for client in clients] == [[]] * 8
    server.may_answer.set()
    assert [await client.status() for client in clients] == [201] * 8


async def test_nobody_works_for_a_client_that_has_gone(server: Server) -> None:
    lane = lane_before(server, at_once=1, waiting=10)
    first, gone, last = (Client(lane, body) for body in (b"first one", b"gone away", b"last one!"))
    await settle()
    gone.gone.set()
    await settle()
    server.may_answer.set()
    assert [await first.status(), await last.status()] == [201, 201]
    await gone.task
    assert gone.answer == []


async def test_a_long_body_does_not_wait_in_memory(server: Server) -> None:
    lane = lane_before(server, at_once=1, waiting=10)
    assert await Client(lane, b"x" * (BODY_MAX + 1)).status() == 413


async def test_other_doors_have_no_line(server: Server) -> None:
    lane = lane_before(server, at_once=1, waiting=0)
    clients = [Client(lane, b"other", path="/console/") for _ in range(3)]
    await settle()
    assert len(server.at_work) == 3
    server.may_answer.set()
    for client in clients:
        await client.task


async def test_whose_turn_it_is_lets_a_page_go_first_but_not_for_ever(server: Server) -> None:
    lane = lane_before(server, at_once=1, waiting=1)
    page = Client(lane, b"page", path="/console/")
    await settle()
    session = Client(lane, b"session")
    await settle()
    assert server.at_work == [b"page"]
    await asyncio.wait_for(server.second_came.wait(), 5)
    assert server.at_work == [b"page", b"session"]
    server.may_answer.set()
    assert [await page.status(), await session.status()] == [201, 201]


async def test_one_place_does_not_fill_the_line_for_the_others(server: Server) -> None:
    lane = lane_before(server, at_once=1, waiting=10, each=2)
    crowd = [Client(lane, b"number %d" % number) for number in range(4)]
    somebody_else = Client(lane, b"elsewhere", place="there")
    assert [await client.status() for client in crowd[2:]] == [503, 503]
    server.may_answer.set()
    assert [await client.status() for client in (*crowd[:2], somebody_else)] == [201] * 3
    assert await Client(lane, b"once more").status() == 201


async def test_nobody_works_for_half_a_request(server: Server) -> None:
    lane = lane_before(server, at_once=1, waiting=1)
    half = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return half.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError(message)

    await asyncio.wait_for(lane({"type": "http", "path": DOOR, "from": "here"}, receive, send), 5)
    assert server.at_work == []
