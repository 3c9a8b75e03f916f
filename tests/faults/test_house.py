"""Real processes beside each other, killed mid-traffic: nothing is lost, doubled or mixed up.

They take seconds to start, so all tests of several processes share one house.
"""

import asyncio
import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import websockets

from tests.support.fault_clients import Screen, agent_screen, visitor_screen
from tests.support.servers import (
    ROOT,
    Postgres,
    Redis,
    Web,
    environment,
    postgres_server,
    redis_server,
    web_process,
)

pytestmark = [pytest.mark.faults, pytest.mark.once]

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "2"))
PAIRS = 6
# Each test of the house talks in chats of its own.
HOUSE_TESTS = 3
RAISED = {"SOCKET_RATE": "1000", "SOCKET_BURST": "1000", "SECRET_KEY": "x" * 50}
LEDGER = """
    SELECT c.public_id, e.seq, e.visitor_seq, e.kind, e.client_id
    FROM chat_entry e JOIN chat_conversation c ON c.id = e.conversation_id
    ORDER BY c.public_id, e.seq
"""

# What breaks, while these talk.
type Fault = Callable[[list[Screen]], Awaitable[None]]
type Row = tuple[str, int, int | None, str, str | None]


def prepare(env: dict[str, str], count: int = PAIRS) -> list[dict[str, str]]:
    """Fill the database with chats of one visitor and one agent each."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.world", str(count), "0"],
        cwd=ROOT,
        env=environment(env),
        stdout=subprocess.PIPE,
        check=True,
    )
    pairs: list[dict[str, str]] = json.loads(done.stdout)["pairs"]
    return pairs


async def traffic(screens: list[Screen], stop: asyncio.Event) -> None:
    """Let both sides talk until told to stop."""
    number = 0
    while not stop.is_set():
        number += 1
        random.choice(screens).say(f"mesaj {number} ığüşöç")
        await asyncio.sleep(random.uniform(0.005, 0.03))


async def run_rounds(
    *, visitors_at: str, agents_at: str, pairs: list[dict[str, str]], fault: Fault
) -> dict[str, list[Screen]]:
    """Talk, break something, heal, and wait until all is quiet; `ROUNDS` times."""
    screens = {
        pair["conversation"]: [visitor_screen(visitors_at, pair), agent_screen(agents_at, pair)]
        for pair in pairs
    }
    everybody = [screen for both in screens.values() for screen in both]
    for _ in range(ROUNDS):
        stop = asyncio.Event()
        talking = asyncio.create_task(traffic(everybody, stop))
        await asyncio.sleep(random.uniform(0.3, 0.8))
        await fault(everybody)
        await asyncio.sleep(random.uniform(0.3, 0.8))
        stop.set()
        await talking
        await asyncio.gather(*(screen.settled(60) for screen in everybody))
    for screen in everybody:
        # A screen that missed a doorbell is told by the position check, not by us.
        await screen.learn_head()
    await asyncio.gather(*(screen.settled(30) for screen in everybody))
    await asyncio.gather(*(screen.stop() for screen in everybody))
    return screens


def check(rows: list[Row], screens: dict[str, list[Screen]]) -> None:
    """Hold every ledger against the database."""
    for conversation, (visitor, agent) in screens.items():
        log = [row for row in rows if row[0] == conversation]
        assert [row[1] for row in log] == list(range(1, len(log) + 1)), "seq has holes"
        seen = [row for row in log if row[2] is not None]
        assert [row[2] for row in seen] == list(range(1, len(seen) + 1)), "visitor_seq has holes"
        stored = [row[4] for row in log if row[4]]
        assert len(stored) == len(set(stored)), "a cid is stored twice"
        for screen in (visitor, agent):
            assert set(screen.ledger.sent) == set(screen.ledger.acks), "a send was never acked"
            assert set(screen.ledger.acks) <= set(stored), "an acked message is lost"
            mine = set(screen.ledger.sent)
            assert [cid for cid in stored if cid in mine] == screen.ledger.sent, "order typed"
        drawn_for_agent = [(row[1], row[3], row[4]) for row in log]
        drawn_for_visitor = [(row[2], row[3], row[4]) for row in seen]
        assert [(seq, kind) for seq, kind, _ in agent.ledger.shown] == [
            (seq, kind) for seq, kind, _ in drawn_for_agent
        ]
        assert [(seq, kind) for seq, kind, _ in visitor.ledger.shown] == [
            (seq, kind) for seq, kind, _ in drawn_for_visitor
        ]
    assert sum(len(visitor.ledger.sent) for visitor, _ in screens.values()) > ROUNDS * PAIRS


class House:
    """PostgreSQL, Redis and two web processes: visitors on the first, agents on the second."""

    def __init__(self, postgres: Postgres, redis: Redis, webs: list[Web], pairs: Any) -> None:
        self.postgres, self.redis, self.webs, self.pairs = postgres, redis, webs, pairs

    def run(self, fault: Fault) -> dict[str, list[Screen]]:
        """Run the rounds in chats nobody has used, and check every ledger."""
        pairs = [self.pairs.pop() for _ in range(PAIRS)]
        screens = asyncio.run(
            run_rounds(
                visitors_at=self.webs[0].url,
                agents_at=self.webs[1].url,
                pairs=pairs,
                fault=fault,
            )
        )
        with psycopg.connect(self.postgres.url) as connection:
            check(connection.execute(LEDGER).fetchall(), screens)
        return screens


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with postgres_server() as postgres, redis_server() as redis:
        env = {
            **RAISED,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "DATA_DIR": str(tmp_path_factory.mktemp("house")),
            "AWAY_SECONDS": "0.5",
        }
        pairs = prepare(env, PAIRS * HOUSE_TESTS + 1)
        with web_process(env) as first, web_process(env) as second:
            yield House(postgres, redis, [first, second], pairs)


@contextlib.asynccontextmanager
async def introduced(web: Web, path: str, token: str) -> AsyncIterator[websockets.ClientConnection]:
    """A socket after its `welcome`."""
    url = web.url.replace("http", "ws", 1) + path
    async with websockets.connect(url, proxy=None, open_timeout=60) as socket:
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


@pytest.mark.servers
def test_agents_see_visitors_of_another_process_come_and_go(house: House) -> None:
    asyncio.run(come_and_go(*house.webs, house.pairs.pop()))


@pytest.mark.servers
def test_killing_a_web_process_loses_and_repeats_nothing(house: House) -> None:
    async def kill(_: list[Screen]) -> None:
        web = random.choice(house.webs)
        await asyncio.to_thread(web.kill)
        await asyncio.to_thread(web.start)

    screens = house.run(kill)
    assert all(
        sum(screen.ledger.reconnects for screen in both) >= 1 for both in screens.values()
    ), "nobody noticed the kill"


@pytest.mark.servers
def test_without_redis_sends_are_acked_and_screens_catch_up_on_its_return(house: House) -> None:
    async def restart(everybody: list[Screen]) -> None:
        await asyncio.to_thread(house.redis.stop)
        # Whoever speaks meanwhile is answered.
        await asyncio.gather(*(screen.acked_from_now(60) for screen in everybody))
        await asyncio.to_thread(house.redis.start)

    screens = house.run(restart)
    assert all(screen.ledger.reconnects == 0 for both in screens.values() for screen in both), (
        "losing Redis must not close sockets"
    )


@pytest.mark.servers
def test_a_crash_of_postgresql_loses_and_repeats_nothing(house: House) -> None:
    async def crash(_: list[Screen]) -> None:
        await asyncio.to_thread(lambda: house.postgres.restart(immediate=True))

    house.run(crash)


def test_killing_the_embedded_process_loses_and_repeats_nothing(migrated: Path) -> None:
    env = {**RAISED, "DATA_DIR": str(migrated), "SEED_DEMO": "false"}
    pairs = prepare(env)
    with web_process(env) as web:

        async def kill(_: list[Screen]) -> None:
            await asyncio.to_thread(web.kill)
            await asyncio.to_thread(web.start)

        screens = asyncio.run(
            run_rounds(visitors_at=web.url, agents_at=web.url, pairs=pairs, fault=kill)
        )
    with sqlite3.connect(migrated / "imece.sqlite3") as connection:
        check(connection.execute(LEDGER).fetchall(), screens)
