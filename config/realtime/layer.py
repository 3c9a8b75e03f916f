"""The doorbell: carries fresh content to sockets, here (`LocalLayer`) and elsewhere (`RelayLayer`).

Best effort by contract. The database is the truth; a consumer that was told
`{"type": "live.resync"}` may have missed anything (a revocation too) and must look there.
Contents are shared between all who hear them: nobody may change one.
"""

import asyncio
import contextlib
import itertools
import secrets
import threading
from collections import deque
from typing import Any

import structlog
from channels.layers import BaseChannelLayer, get_channel_layer

from config.realtime.relay import KEPT, Bus, Content, Deliveries

log = structlog.get_logger(__name__)

RESYNC: Content = {"type": "live.resync"}
CAPACITY = 128
# Deliveries on their way into an event loop that does not get to them.
INBOX_CAPACITY = 20_000
# Several reasons to resync everybody within this time are one.
RESYNC_DELAY = 0.5
# As long as Channels' own layers keep a member of a group.
GROUP_EXPIRY = 24 * 3600.0


def announce(deliveries: list[tuple[str, Content]]) -> None:
    """Deliver to groups from any thread; never raises, never waits for Redis."""
    try:
        layer = get_channel_layer()
        if isinstance(layer, LocalLayer):
            layer.announce(deliveries)
    except Exception:
        log.exception("layers.announce_failed")


class Mailbox:
    """What one channel has not read yet."""

    __slots__ = ("groups", "is_read", "items", "waiter")

    def __init__(self) -> None:
        # Whether somebody has asked for content since `Hub.expire` looked last.
        self.is_read = True
        # An idle socket has neither list nor set.
        self.items: list[Content] | None = None
        self.groups: set[str] | None = None
        self.waiter: asyncio.Future[None] | None = None

    def put(self, content: Content, capacity: int) -> None:
        """Add content; a reader that is too slow loses what waits and is told so."""
        items = self.items
        if items is None:
            self.items = [content]
        elif len(items) < capacity:
            if content is RESYNC and items and items[-1] is RESYNC:
                return
            items.append(content)
        else:
            kept = [item for item in (*items, content) if item["type"] in KEPT]
            self.items = [*kept[: capacity // 2], RESYNC]
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


class Hub:
    """The channels that live in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, capacity: int) -> None:
        self.loop = loop
        self.capacity = capacity
        self.mailboxes: dict[str, Mailbox] = {}
        self.groups: dict[str, set[Mailbox]] = {}
        self._inbox: deque[Deliveries] = deque()
        self._waiting = 0
        self._scheduled = False
        self._overflowed = False
        self._resync: asyncio.TimerHandle | None = None
        self._expired_at = loop.time()

    def take(self, deliveries: Deliveries) -> None:
        """Take what is announced, from any thread; many calls share one wake-up of the loop."""
        if len(self._inbox) >= INBOX_CAPACITY:
            self._overflowed = True
        else:
            self._inbox.append(deliveries)
        if not self._scheduled:
            self._scheduled = True
            # RuntimeError: that loop is closed, and with it everybody who listened.
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self.deliver)

    def deliver(self) -> None:
        """Put what has arrived into the mailboxes; the cost is that of the members rung."""
        # Before the inbox is emptied: who adds to it from now on schedules another call.
        self._scheduled = False
        capacity = self.capacity
        while self._inbox:
            for group, content in self._inbox.popleft():
                # A copy: another thread's loop may join one of its channels meanwhile.
                for mailbox in tuple(self.groups.get(group, ())) or self._alone(group):
                    mailbox.put(content, capacity)
        if self._overflowed:
            self._overflowed = False
            self.resync()

    def _alone(self, channel: str) -> tuple[Mailbox, ...]:
        mailbox = self.mailboxes.get(channel)
        return () if mailbox is None else (mailbox,)

    def resync_soon(self) -> None:
        """Tell every channel, from any thread, that it may have missed something."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._schedule_resync)

    def _schedule_resync(self) -> None:
        if self._resync is None:
            self._resync = self.loop.call_later(RESYNC_DELAY, self.resync)

    def resync(self) -> None:
        """Tell every channel at once."""
        self._resync = None
        for mailbox in self.mailboxes.values():
            mailbox.put(RESYNC, self.capacity)

    def join(self, group: str, channel: str) -> None:
        """Make the channel hear the group."""
        mailbox = self.mailboxes[channel]
        if mailbox.groups is None:
            mailbox.groups = set()
        mailbox.groups.add(group)
        self.groups.setdefault(group, set()).add(mailbox)

    def leave(self, group: str, channel: str) -> None:
        """Make the channel deaf to the group; a stranger to it is no error."""
        mailbox = self.mailboxes.get(channel)
        if mailbox is None or not mailbox.groups or group not in mailbox.groups:
            return
        mailbox.groups.discard(group)
        self._forget(group, mailbox)

    def end(self, channel: str) -> None:
        """Take a channel out of its groups and forget it; an unknown one is no error."""
        mailbox = self.mailboxes.pop(channel, None)
        if mailbox is not None:
            for group in mailbox.groups or ():
                self._forget(group, mailbox)

    def expire(self, seconds: float) -> None:
        """End the channels that nobody has read for `seconds`, or up to twice as long.

        For consumers that know only Channels' own calls: those that fail leave no group.
        """
        now = self.loop.time()
        if now - self._expired_at < seconds:
            return
        self._expired_at = now
        for channel, mailbox in list(self.mailboxes.items()):
            if mailbox.waiter is None and not mailbox.is_read:
                self.end(channel)
            mailbox.is_read = False

    def _forget(self, group: str, mailbox: Mailbox) -> None:
        if members := self.groups.get(group):
            members.discard(mailbox)
            if not members:
                del self.groups[group]


class LocalLayer(BaseChannelLayer):
    """A channel layer for one process: bounded, thread-safe, and idle members cost nothing."""

    extensions = ["groups", "flush"]

    def __init__(
        self, capacity: int = CAPACITY, group_expiry: float = GROUP_EXPIRY, **_: Any
    ) -> None:
        super().__init__(capacity=capacity)
        self.group_expiry = group_expiry
        self._hubs: dict[asyncio.AbstractEventLoop, Hub] = {}
        self._numbers = itertools.count(1)
        self._id = secrets.token_hex(6)
        self._lock = threading.Lock()

    def announce(self, deliveries: Deliveries) -> None:
        """Deliver to groups (or single channels) from any thread."""
        self.deliver_here(deliveries)

    def deliver_here(self, deliveries: Deliveries) -> None:
        """Deliver to the members that live in this process."""
        for hub in tuple(self._hubs.values()):
            hub.take(deliveries)

    def resync_here(self) -> None:
        """Tell every channel of this process that it may have missed something."""
        for hub in tuple(self._hubs.values()):
            hub.resync_soon()

    async def new_channel(self, prefix: str = "specific") -> str:
        """Return a new channel; it lives until `end`, or until nobody has read it for long."""
        hub = self._hub()
        hub.expire(self.group_expiry)
        channel = f"{prefix}.{self._id}!{next(self._numbers):x}"
        hub.mailboxes[channel] = Mailbox()
        return channel

    def end(self, channel: str) -> None:
        """Take a channel out of its groups and forget it, in the loop that made it."""
        with contextlib.suppress(LookupError):
            self._hub_of(channel).end(channel)

    async def receive(self, channel: str) -> Content:
        """Return the next content of the channel, in the loop that made it."""
        hub = self._hub()
        mailbox = hub.mailboxes.get(channel)
        if mailbox is None:
            mailbox = hub.mailboxes[channel] = Mailbox()
        mailbox.is_read = True
        while not mailbox.items:
            mailbox.items = None
            mailbox.waiter = hub.loop.create_future()
            try:
                await mailbox.waiter
            finally:
                mailbox.waiter = None
        return mailbox.items.pop(0)

    async def send(self, channel: str, message: Content) -> None:
        """Send to one channel; one that nobody has is no error."""
        self.announce([(channel, message)])

    async def group_add(self, group: str, channel: str) -> None:
        """Make a channel of this process hear the group."""
        self.require_valid_group_name(group)
        self._hub_of(channel).join(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        """Make the channel deaf to the group."""
        with contextlib.suppress(LookupError):
            self._hub_of(channel).leave(group, channel)

    async def group_send(self, group: str, message: Content) -> None:
        """Deliver to one group."""
        self.announce([(group, message)])

    async def flush(self) -> None:
        """Forget every channel and group."""
        with self._lock:
            self._hubs.clear()

    def _hub(self) -> Hub:
        loop = asyncio.get_running_loop()
        hub = self._hubs.get(loop)
        if hub is None:
            with self._lock:
                for other in [other for other in self._hubs if other.is_closed()]:
                    del self._hubs[other]
                hub = self._hubs.setdefault(loop, Hub(loop, self.capacity))
        return hub

    def _hub_of(self, channel: str) -> Hub:
        for hub in tuple(self._hubs.values()):
            if channel in hub.mailboxes:
                return hub
        raise LookupError("Only channels of this process can hear a group")


class RelayLayer(LocalLayer):
    """The local layer of several processes, joined by one Redis channel."""

    def __init__(self, hosts: list[Any], prefix: str = "imece", **more: Any) -> None:
        super().__init__(**more)
        self.bus = Bus(hosts, f"{prefix}.bus", heard=self.deliver_here, missed=self.resync_here)

    def announce(self, deliveries: Deliveries) -> None:
        """Deliver to the members here at once, and hand the deliveries to the bus's own thread."""
        self.deliver_here(deliveries)
        self.bus.publish(deliveries)

    async def new_channel(self, prefix: str = "specific") -> str:
        """Return a new channel; from the first one on this process listens to the others."""
        self.bus.listen()
        return await super().new_channel(prefix)

    async def flush(self) -> None:
        """Forget every channel and group, and leave the bus."""
        await super().flush()
        await asyncio.to_thread(self.bus.close)
