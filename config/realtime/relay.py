"""One Redis channel that joins the processes: what is announced in one is heard in all.

Everything happens in a thread of its own with its own event loop, so that a slow or absent Redis
costs nobody else anything. While Redis is away announcements are dropped, not kept: whoever
listens is told afterwards that it missed something, and reads from the database.
"""

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from channels_redis.serializers import registry
from channels_redis.utils import create_pool, decode_hosts
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

log = structlog.get_logger(__name__)

type Content = dict[str, Any]
type Delivery = tuple[str, Content]
type Deliveries = Sequence[Delivery]

# Never thrown away to make room: who is shut out must hear of it.
KEPT = frozenset({"live.revoke"})

# Deliveries that wait for Redis; beyond it the listeners are told to resync instead.
BUFFER = 2_000
TIMEOUT = 2.0
BACK_OFF = (0.2, 1.0)
# Listeners may find back to Redis later than we do: what they must hear is then said again.
AGAIN = 3.0
# A Redis that vanished without a word is noticed after twice this time.
SILENCE = 10.0


class Bus:
    """This process's seat on the bus; thread and connections start when first needed."""

    def __init__(
        self,
        hosts: list[Any],
        channel: str,
        *,
        heard: Callable[[Deliveries], None],
        missed: Callable[[], None],
    ) -> None:
        self._host = decode_hosts(hosts)[0]
        self._channel = channel
        self._heard = heard
        self._missed = missed
        self._buffer: list[Delivery] = []
        self._lost = False
        self._lock = threading.Lock()
        self._thread: _RelayThread | None = None
        self._listening = False

    def publish(self, deliveries: Deliveries) -> None:
        """Hand over to the bus's thread; from any thread, at once, without raising."""
        with self._lock:
            self._buffer.extend(deliveries)
            if len(self._buffer) > BUFFER:
                self._trim()
        self._running().wake()

    def listen(self) -> None:
        """Hear the other processes from now on."""
        if not self._listening or self._thread is None or not self._thread.is_alive():
            self._listening = True
            self._running().listen()

    def close(self) -> None:
        """Leave the bus; a later call comes back."""
        thread, self._thread = self._thread, None
        self._listening = False
        if thread is not None:
            thread.close()

    def take(self) -> tuple[list[Delivery], bool]:
        """Take all that waits, and whether something had to be dropped before it."""
        with self._lock:
            deliveries, self._buffer = self._buffer, []
            lost, self._lost = self._lost, False
        return deliveries, lost

    def drop(self, unsent: Deliveries = ()) -> None:
        """Forget what waits and could not be sent, and remember that something was lost."""
        with self._lock:
            self._buffer = [*unsent, *self._buffer]
            self._trim()

    def _trim(self) -> None:
        self._buffer = _kept(self._buffer)[: BUFFER // 2]
        self._lost = True

    def _running(self) -> "_RelayThread":
        thread = self._thread
        # Also after a fork, where the parent's thread does not exist.
        if thread is None or thread.pid != os.getpid() or not thread.is_alive():
            with self._lock:
                thread = self._thread
                if thread is None or thread.pid != os.getpid() or not thread.is_alive():
                    thread = _RelayThread(
                        self, self._host, self._channel, self._heard, self._missed
                    )
                    self._thread = thread
        return thread


class _RelayThread(threading.Thread):
    """The thread that talks to Redis."""

    def __init__(
        self,
        bus: Bus,
        host: dict[str, Any],
        channel: str,
        heard: Callable[[Deliveries], None],
        missed: Callable[[], None],
    ) -> None:
        super().__init__(name="bus", daemon=True)
        self.pid = os.getpid()
        self._bus = bus
        self._host = host
        self._channel = channel
        self._heard = heard
        self._missed = missed
        self._format = registry.get_serializer("msgpack")
        self._origin = secrets.token_bytes(8)
        self._loop = asyncio.new_event_loop()
        self._wanted = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None
        self._scheduled = False
        self.start()

    def wake(self) -> None:
        """Let the publisher look into the buffer."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon_threadsafe(self._wanted.set)

    def listen(self) -> None:
        """Start to hear the others."""
        self._loop.call_soon_threadsafe(self._start_listener)

    def close(self) -> None:
        """End the thread and its connections."""
        if self.is_alive():
            # Looked up in the loop: the thread may not have got so far yet.
            self._loop.call_soon_threadsafe(lambda: self._main.cancel())
            self.join(timeout=5)

    def run(self) -> None:
        """Serve until closed."""
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._serve())
        try:
            self._loop.run_until_complete(self._main)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        try:
            async with self._connect() as redis:
                await self._publish_all(redis)
        finally:
            if self._listener is not None:
                self._listener.cancel()
                await asyncio.gather(self._listener, return_exceptions=True)

    def _connect(self) -> "Redis":
        return Redis(
            connection_pool=create_pool(
                {
                    "socket_connect_timeout": TIMEOUT,
                    "socket_timeout": TIMEOUT,
                    # We decide ourselves when to try again, and what was missed meanwhile.
                    "retry": Retry(NoBackoff(), 0),
                }
                | self._host
            )
        )

    async def _publish_all(self, redis: "Redis") -> None:
        pauses = _Pauses()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            # Before the buffer is taken: who adds to it from now on wakes us again.
            self._scheduled = False
            deliveries, lost = self._bus.take()
            try:
                if lost:
                    await self._publish(redis, None)
                if deliveries:
                    await self._publish(redis, deliveries)
                if lost and (kept := _kept(deliveries)):
                    self._loop.call_later(AGAIN, self._bus.publish, kept)
            except Exception as error:
                if pauses.first:
                    log.warning("bus.publish_failed", error=type(error).__name__)
                self._bus.drop(deliveries)
                await pauses.wait()
                # The listeners must learn of the loss even if nobody announces anything more.
                self._wanted.set()
            else:
                pauses.reset()

    async def _publish(self, redis: "Redis", deliveries: Deliveries | None) -> None:
        try:
            packed = self._format.serialize(deliveries)
        except (TypeError, ValueError, OverflowError):
            # A mistake in one delivery must not cost the others that happened to come with it.
            packed = self._format.serialize(
                [delivery for delivery in deliveries or () if self._packs(delivery)]
            )
        await redis.publish(self._channel, self._origin + packed)

    def _packs(self, delivery: Delivery) -> bool:
        try:
            self._format.serialize(delivery)
        except (TypeError, ValueError, OverflowError):
            log.exception("bus.cannot_pack", kind=delivery[1].get("type"))
            return False
        return True

    def _start_listener(self) -> None:
        if self._listener is None:
            self._listener = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        pauses = _Pauses()
        while True:
            try:
                async with self._connect() as redis, redis.pubsub() as pubsub:
                    await pubsub.subscribe(self._channel)
                    asked = False
                    while True:
                        message = await pubsub.get_message(timeout=SILENCE)
                        if message is None:
                            if asked:
                                raise ConnectionError("Redis does not answer")
                            await pubsub.ping()
                            asked = True
                            continue
                        asked = False
                        if message["type"] == "message":
                            self._hear(message["data"])
                        elif message["type"] == "subscribe":
                            pauses.reset()
                            self._missed()
            except Exception as error:
                if pauses.first:
                    log.warning("bus.connection_lost", error=type(error).__name__)
                await pauses.wait()

    def _hear(self, data: bytes) -> None:
        if data.startswith(self._origin):
            return
        deliveries = self._format.deserialize(data[len(self._origin) :])
        if deliveries is None:
            self._missed()
        else:
            self._heard(deliveries)


def _kept(deliveries: Deliveries) -> list[Delivery]:
    return [delivery for delivery in deliveries if delivery[1].get("type") in KEPT]


class _Pauses:
    """Growing pauses between tries."""

    def __init__(self) -> None:
        self.reset()

    @property
    def first(self) -> bool:
        """Whether the trouble is new."""
        return self._pause == BACK_OFF[0]

    def reset(self) -> None:
        """All is well again."""
        self._pause = BACK_OFF[0]

    async def wait(self) -> None:
        """Wait, and longer the next time."""
        pause, self._pause = self._pause, min(self._pause * 2, BACK_OFF[1])
        await asyncio.sleep(pause)
