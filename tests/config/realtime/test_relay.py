"""Several processes joined by Redis: one publish a batch, and nobody waits for Redis."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest

from config.realtime import relay
from config.realtime.layer import LocalLayer, RelayLayer
from tests.support import servers

RESYNC = {"type": "live.resync"}


def frame(number: int) -> dict[str, Any]:
    """Some content."""
    return {"type": "live.frames", "frames": [{"seq": number, "text": "Çok güzel 🎉"}]}


class Process:
    """What one web process has: a layer and a socket in a group."""

    def __init__(self, url: str) -> None:
        self.layer = RelayLayer(hosts=[url], prefix="test")
        self.channel = ""

    async def join(self, group: str = "thread.1") -> None:
        """Let the socket hear the group, and wait until the bus is heard too."""
        # The channel first: a bus that is heard before it tells nobody.
        self.channel = await LocalLayer.new_channel(self.layer)
        await self.layer.group_add(group, self.channel)
        self.layer.bus.listen()
        assert await self.next() == RESYNC

    async def next(self) -> dict[str, Any]:
        """Return the next content."""
        async with asyncio.timeout(30):
            return await self.layer.receive(self.channel)

    async def until(self, content: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what came before `content`."""
        before = []
        while (latest := await self.next()) != content:
            before.append(latest)
        return before


@pytest.fixture
async def processes(redis_server: servers.Redis) -> AsyncIterator[list[Process]]:
    """Two processes that hear each other."""
    pair = [Process(redis_server.url) for _ in range(2)]
    await asyncio.gather(*(process.join() for process in pair))
    yield pair
    for process in pair:
        await process.layer.flush()


async def test_both_processes_hear_it_once_and_in_order(processes: list[Process]) -> None:
    one, two = processes
    for number in range(20):
        one.layer.announce([("thread.1", frame(number))])
    for process in (one, two):
        assert [await process.next() for _ in range(20)] == [frame(n) for n in range(20)]
    # What was published came back to its sender too; nothing of it is heard twice.
    two.layer.announce([("thread.1", frame(99))])
    assert await one.next() == frame(99)


async def test_a_batch_is_one_publish(
    processes: list[Process], redis_server: servers.Redis
) -> None:
    one, two = processes
    with servers.redis_client.Redis(port=redis_server.port) as client:
        before = client.info("commandstats").get("cmdstat_publish", {"calls": 0})["calls"]
        one.layer.announce([("thread.1", frame(number)) for number in range(50)])
        for number in range(50):
            assert await two.next() == frame(number)
        after = client.info("commandstats")["cmdstat_publish"]["calls"]
    assert after - before == 1


async def test_one_channel_of_another_process_can_be_told(processes: list[Process]) -> None:
    one, two = processes
    await one.layer.send(two.channel, frame(1))
    assert await two.next() == frame(1)


async def test_a_process_without_sockets_is_heard_but_does_not_listen(
    processes: list[Process], redis_server: servers.Redis
) -> None:
    worker = RelayLayer(hosts=[redis_server.url], prefix="test")
    await asyncio.to_thread(worker.announce, [("thread.1", frame(1))])
    for process in processes:
        assert await process.next() == frame(1)
    with servers.redis_client.Redis(port=redis_server.port) as client:
        assert client.pubsub_numsub("test.bus") == [(b"test.bus", len(processes))]
    await worker.flush()


async def test_everybody_resyncs_after_redis_was_away(
    processes: list[Process], redis_server: servers.Redis
) -> None:
    one, two = processes
    redis_server.stop()
    # More than are kept, in one go: announcing waits for nobody.
    for number in range(5000):
        one.layer.announce([("thread.1", frame(number))])
    assert len(one.layer.bus._buffer) <= relay.BUFFER
    # Its own sockets need no Redis.
    await one.until(frame(4999))
    redis_server.start()
    for process in processes:
        await process.until(RESYNC)
    one.layer.announce([("thread.1", frame(7))])
    await two.until(frame(7))


async def test_a_revocation_waits_for_redis(
    processes: list[Process], redis_server: servers.Redis
) -> None:
    one, two = processes
    redis_server.stop()
    revoke = {"type": "live.revoke", "session": "abc"}
    one.layer.announce([("thread.1", revoke)])
    for number in range(5000):
        one.layer.announce([("thread.1", frame(number))])
    redis_server.start()
    await two.until(revoke)


async def test_a_redis_that_falls_silent_is_noticed(
    redis_server: servers.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SILENCE", 0.2)
    process = Process(redis_server.url)
    await process.join()
    redis_server.signal(signal.SIGSTOP)
    try:
        # Twice the silence, the time-out of a first try to come back, and its pause.
        await asyncio.sleep(2 * relay.SILENCE + relay.TIMEOUT + 0.2)
    finally:
        redis_server.signal(signal.SIGCONT)
    assert await process.next() == RESYNC
    await process.layer.flush()


async def test_listeners_resync_when_a_publisher_lost_something(
    processes: list[Process],
) -> None:
    one, two = processes
    one.layer.bus.drop()
    one.layer.announce([("thread.1", frame(1))])
    await two.until(frame(1))
    assert await two.next() == RESYNC


async def test_a_process_starts_without_redis() -> None:
    alone = Process(f"redis://127.0.0.1:{servers.free_port()}/0")
    alone.channel = await alone.layer.new_channel()
    await alone.layer.group_add("thread.1", alone.channel)
    alone.layer.announce([("thread.1", frame(1))])
    assert await alone.next() == frame(1)
    await alone.layer.flush()


async def test_what_cannot_be_packed_does_not_cost_what_comes_with_it(
    processes: list[Process],
) -> None:
    one, two = processes
    broken = {"type": "live.frames", "frames": [object()]}
    one.layer.announce([("thread.1", frame(1)), ("thread.1", broken), ("thread.1", frame(2))])
    await two.until(frame(1))
    assert await two.next() == frame(2)
