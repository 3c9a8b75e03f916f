"""Whether visitors are here, between real processes: they come to one, agents look from another."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import websockets

from tests.faults.test_ledger import RAISED, prepare
from tests.support.servers import Web, postgres_server, redis_server, web_process

pytestmark = [pytest.mark.faults, pytest.mark.once]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[Web, Web, dict[str, str]]]:
    """Two processes and a chat."""
    with postgres_server() as postgres, redis_server() as redis:
        env = {
            **RAISED,
            "AWAY_SECONDS": "0.5",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "DATA_DIR": str(tmp_path),
        }
        [pair] = prepare(env, 1)
        with web_process(env) as first, web_process(env) as second:
            yield first, second, pair


@contextlib.asynccontextmanager
async def introduced(web: Web, path: str, token: str) -> AsyncIterator[websockets.ClientConnection]:
    """A socket after its `welcome`."""
    url = web.url.replace("http", "ws", 1) + path
    async with websockets.connect(url, proxy=None) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token}))
        assert json.loads(await socket.recv())["type"] == "welcome"
        yield socket


async def told(console: websockets.ClientConnection) -> str:
    """What the agent hears next of the visitor."""
    async with asyncio.timeout(30):
        while True:
            frame = json.loads(await console.recv())
            if frame.get("name") == "presence":
                return str(frame["data"]["visitor"])


async def come_and_go(first: Web, second: Web, pair: dict[str, str]) -> None:
    """A visitor at the first process, the agent at the second."""
    async with introduced(second, "/ws/console/", pair["agent"]) as console:
        assert await told(console) == "away"
        async with introduced(first, "/ws/visitor/", pair["visitor"]):
            assert await told(console) == "here"
            # Somebody who comes later asks, and hears no bell.
            async with introduced(second, "/ws/console/", pair["agent"]) as later:
                assert await told(later) == "here"
            # Another page of theirs, at the agent's process, comes and goes.
            async with introduced(second, "/ws/visitor/", pair["visitor"]):
                pass
        assert await told(console) == "away"


def test_agents_see_visitors_of_another_process_come_and_go(
    house: tuple[Web, Web, dict[str, str]],
) -> None:
    asyncio.run(come_and_go(*house))
