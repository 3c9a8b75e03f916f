"""The in-process doorbell: bounded, told when it overflows, and idle sockets cost nothing."""

import asyncio
import threading
from typing import Any

import pytest
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator

from config.realtime.layer import LocalLayer, Mailbox, announce

FRAME = {"type": "live.frames", "frames": []}


def frame(number: int) -> dict[str, Any]:
    """Some content."""
    return {"type": "live.frames", "frames": [number]}


async def member(layer: LocalLayer, *groups: str) -> str:
    """A channel in these groups."""
    channel = await layer.new_channel()
    for group in groups:
        await layer.group_add(group, channel)
    return channel


async def received(layer: LocalLayer, channel: str, count: int) -> list[dict[str, Any]]:
    """Return the next contents of a channel."""
    async with asyncio.timeout(30):
        return [await layer.receive(channel) for _ in range(count)]


async def delivered() -> None:
    """Let the loop deliver what was announced."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_members_of_a_group_hear_it_in_order_and_others_do_not() -> None:
    layer = LocalLayer()
    inside, outside = await member(layer, "thread.1"), await member(layer, "thread.2")
    for number in range(10):
        await layer.group_send("thread.1", frame(number))
    await layer.group_send("thread.2", frame(99))
    assert [c["frames"][0] for c in await received(layer, inside, 10)] == list(range(10))
    assert await received(layer, outside, 1) == [frame(99)]


async def test_content_is_shared_and_never_copied() -> None:
    layer = LocalLayer()
    channels = [await member(layer, "g") for _ in range(3)]
    content = frame(1)
    layer.announce([("g", content)])
    for channel in channels:
        assert (await received(layer, channel, 1))[0] is content


async def test_one_channel_can_be_told_alone() -> None:
    layer = LocalLayer()
    channel = await layer.new_channel()
    await layer.send(channel, frame(1))
    await layer.send("nobody.1!2", frame(2))
    assert await received(layer, channel, 1) == [frame(1)]


async def test_who_left_a_group_hears_it_no_more() -> None:
    layer = LocalLayer()
    channel = await member(layer, "a", "b")
    await layer.group_discard("a", channel)
    await layer.group_discard("a", channel)
    await layer.group_send("a", frame(1))
    await layer.group_send("b", frame(2))
    assert await received(layer, channel, 1) == [frame(2)]


async def test_a_slow_reader_loses_what_waits_and_is_told_to_resync() -> None:
    layer = LocalLayer(capacity=10)
    slow, quick = await member(layer, "g"), await member(layer, "h")
    for number in range(10_000):
        layer.announce([("g", frame(number))])
    layer.announce([("h", frame(1))])
    await delivered()
    (hub,) = layer._hubs.values()
    items = hub.mailboxes[slow].items
    assert items is not None
    assert len(items) <= 10
    assert {"type": "live.resync"} in items
    assert await received(layer, quick, 1) == [frame(1)]


async def test_after_a_resync_new_content_is_heard_again() -> None:
    layer = LocalLayer(capacity=2)
    channel = await member(layer, "g")
    for number in range(3):
        layer.announce([("g", frame(number))])
    await delivered()
    layer.announce([("g", frame(3))])
    assert await received(layer, channel, 2) == [{"type": "live.resync"}, frame(3)]


async def test_a_revocation_is_never_lost_in_an_overflow() -> None:
    layer = LocalLayer(capacity=4)
    channel = await member(layer, "g")
    layer.announce([("g", {"type": "live.revoke", "session": None})])
    for number in range(100):
        layer.announce([("g", frame(number))])
    first, *_ = await received(layer, channel, 2)
    assert first == {"type": "live.revoke", "session": None}


async def test_a_loop_that_does_not_come_to_deliver_resyncs_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("config.realtime.layer.INBOX_CAPACITY", 50)
    layer = LocalLayer()
    channel, idle = await member(layer, "g"), await member(layer, "h")
    for number in range(60):
        layer.announce([("g", frame(number))])
    (hub,) = layer._hubs.values()
    assert len(hub._inbox) == 50
    assert (await received(layer, idle, 1)) == [{"type": "live.resync"}]
    assert (await received(layer, channel, 51))[-1] == {"type": "live.resync"}


async def test_announcing_from_other_threads_wakes_the_loop_at_once() -> None:
    layer = LocalLayer(capacity=1000)
    channel = await member(layer, "g")

    def ring(start: int) -> None:
        for number in range(start, start + 100):
            layer.announce([("g", frame(number))])

    threads = [threading.Thread(target=ring, args=(n * 100,)) for n in range(4)]
    for thread in threads:
        thread.start()
    contents = await received(layer, channel, 400)
    for thread in threads:
        thread.join()
    numbers = [content["frames"][0] for content in contents]
    assert sorted(numbers) == list(range(400))
    for start in range(0, 400, 100):
        own = [number for number in numbers if start <= number < start + 100]
        assert own == sorted(own), "one thread's order is kept"


async def test_many_announcements_share_one_wake_up(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = LocalLayer()
    await member(layer, "g")
    (hub,) = layer._hubs.values()
    woken: list[Any] = []
    monkeypatch.setattr(hub.loop, "call_soon_threadsafe", lambda *args: woken.append(args))
    for number in range(100):
        layer.announce([("g", frame(number))])
    assert len(woken) == 1


async def test_idle_members_are_not_touched_by_a_send(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = LocalLayer()
    idle = [await member(layer, f"visitor.{n}", "site.1") for n in range(2000)]
    busy = await member(layer, "thread.1")
    touched = 0
    put = Mailbox.put

    def count(self: Mailbox, content: dict[str, Any], capacity: int) -> None:
        nonlocal touched
        touched += 1
        put(self, content, capacity)

    monkeypatch.setattr(Mailbox, "put", count)
    for number in range(50):
        layer.announce([("thread.1", frame(number))])
    await received(layer, busy, 50)
    assert touched == 50
    (hub,) = layer._hubs.values()
    assert all(hub.mailboxes[channel].items is None for channel in idle)


async def test_a_channel_that_ends_is_in_no_group_and_hears_nothing() -> None:
    layer = LocalLayer()
    channels = [await member(layer, "g", f"visitor.{n}") for n in range(100)]
    (hub,) = layer._hubs.values()
    for channel in channels[1:]:
        layer.end(channel)
        layer.end(channel)
    assert set(hub.mailboxes) == {channels[0]}
    assert set(hub.groups) == {"g", "visitor.0"}
    layer.announce([("g", frame(1))])
    assert await received(layer, channels[0], 1) == [frame(1)]
    with pytest.raises(LookupError):
        await layer.group_add("g", channels[1])
    layer.end(channels[0])
    assert (hub.mailboxes, hub.groups) == ({}, {})


async def test_a_channel_that_nobody_reads_any_more_leaves_its_groups_in_the_end() -> None:
    layer = LocalLayer(group_expiry=0)
    left, idle = await member(layer, "g"), await member(layer, "g")
    reading = asyncio.create_task(layer.receive(idle))
    await delivered()
    for _ in range(2):
        await layer.new_channel()
    (hub,) = layer._hubs.values()
    assert left not in hub.mailboxes
    layer.announce([("g", frame(1))])
    assert await reading == frame(1)


async def test_a_reader_that_gave_up_waiting_stays_in_its_groups() -> None:
    layer = LocalLayer()
    channel = await member(layer, "g")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(layer.receive(channel), 0.01)
    await layer.group_send("g", frame(1))
    assert await received(layer, channel, 1) == [frame(1)]


async def test_only_channels_of_this_process_join_groups() -> None:
    layer = LocalLayer()
    await layer.new_channel()
    with pytest.raises(LookupError):
        await layer.group_add("g", "specific.elsewhere!1")
    with pytest.raises(TypeError):
        await layer.group_add("no spaces", await layer.new_channel())


def test_each_event_loop_hears_what_is_announced_in_any_thread() -> None:
    layer = LocalLayer()
    ready = threading.Barrier(3)
    heard: list[Any] = []

    def serve() -> None:
        async def main() -> None:
            channel = await member(layer, "g")
            ready.wait(30)
            heard.extend(await received(layer, channel, 1))

        asyncio.run(main())

    threads = [threading.Thread(target=serve) for _ in range(2)]
    for thread in threads:
        thread.start()
    ready.wait(30)
    layer.announce([("g", frame(1))])
    for thread in threads:
        thread.join(30)
    assert heard == [frame(1), frame(1)]


def test_announcing_to_a_loop_that_is_gone_is_no_error() -> None:
    layer = LocalLayer()
    asyncio.run(member(layer, "g"))
    layer.announce([("g", frame(1))])

    async def later() -> None:
        channel = await member(layer, "g")
        assert len(layer._hubs) == 1, "the closed loop is forgotten"
        layer.announce([("g", frame(2))])
        assert await received(layer, channel, 1) == [frame(2)]

    asyncio.run(later())


async def test_flush_forgets_everything() -> None:
    layer = LocalLayer()
    channel = await member(layer, "g")
    await layer.flush()
    with pytest.raises(LookupError):
        await layer.group_add("g", channel)


def test_announce_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: Any = LocalLayer()
    tried = []

    def fail(deliveries: Any) -> None:
        tried.append(deliveries)
        raise OSError

    broken.announce = fail
    monkeypatch.setitem(channel_layers.backends, "default", broken)
    announce([("g", frame(1))])
    assert tried


class Listener(AsyncWebsocketConsumer):
    """An ordinary consumer."""

    groups = ["desk.1"]

    async def live_frames(self, event: dict[str, Any]) -> None:
        """Forward."""
        await self.send(text_data=str(event["frames"][0]))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Ring the group."""
        await self.channel_layer.group_send("desk.1", frame(int(text_data or 0)))


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> LocalLayer:
    """The layer that `get_channel_layer()` gives."""
    layer = LocalLayer()
    monkeypatch.setitem(channel_layers.backends, "default", layer)
    return layer


@pytest.mark.django_db
async def test_an_ordinary_consumer_works_and_leaves_nothing_behind_in_the_end(
    stock: LocalLayer,
) -> None:
    sockets = [WebsocketCommunicator(Listener.as_asgi(), "/") for _ in range(5)]
    for socket in sockets:
        assert (await socket.connect())[0]
    await sockets[0].send_to(text_data="42")
    for socket in sockets:
        assert await socket.receive_from() == "42"
    announce([("desk.1", frame(43))])
    for socket in sockets:
        assert await socket.receive_from() == "43"
        await socket.disconnect()
    (hub,) = stock._hubs.values()
    assert hub.groups == {}
    stock.group_expiry = 0
    new = {await stock.new_channel() for _ in range(2)}
    assert set(hub.mailboxes) == new
