"""What a process watches for all its sockets together: nothing here costs per idle socket.

Every few seconds: agents who may no longer be here, and sockets whose other end stopped reading.
Every 15 s: whether a socket missed an entry because a doorbell was lost, and whether the visitors
whom agents watch are still here.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

from django.utils import timezone

from agents.brands.origins import origin_allowed
from agents.models import Brand
from chat.posting import mark_collector
from chat.protocol import Audience, Close
from chat.sockets import visitor_presence
from chat.sockets.credentials import Credential, still_good
from chat.sockets.crowd import Crowd
from chat.sockets.readers import read
from chat.sockets.threads import (
    Follow,
    Placement,
    read_heads,
    read_placements,
    ticket_heads,
)
from config.wire import encode

logger = logging.getLogger(__name__)

RECHECK_SECONDS = 4.0
CHECK_SECONDS = 15.0
STALLED_SECONDS = 20.0
MARKS_SECONDS = 1.0
READS_SECONDS = 0.25


class Watched(Protocol):
    """What is asked of a socket here."""

    credential: Credential | None
    brand_id: int | None
    origin: str | None
    # Since when the other end has not taken what we send, on the monotonic clock; 0: it takes it.
    sending_since: float

    @property
    def audience(self) -> Audience:
        """Which of the two sides it serves."""

    @property
    def threads(self) -> Mapping[str, Follow]:
        """The followed conversations."""

    @property
    def ticket_threads(self) -> Mapping[str, Follow]:
        """The followed tickets."""

    def end(self, code: int) -> None:
        """Close, whatever it is doing."""

    def say_later(self, text: str) -> None:
        """Send one encoded frame without waiting for it."""

    async def catch_up(self, thread: Follow) -> None:
        """Send what of a followed conversation has not gone out."""

    async def catch_up_ticket(self, thread: Follow) -> None:
        """Send what of a followed ticket has not gone out."""

    async def look_again(self, moved: Mapping[int, Placement]) -> None:
        """Stop following what may not be seen any more."""

    async def hear_brands(self, brand_ids: Collection[int]) -> None:
        """Hear the desks of those brands that it may see."""

    async def show_presence(self, said: dict[str, str]) -> None:
        """Pass on whether a visitor is here."""


class Watch:
    """The sockets of one event loop."""

    _all: "dict[asyncio.AbstractEventLoop, Watch]" = {}

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.sockets: set[Watched] = set()
        self.crowd = Crowd()
        self._task: asyncio.Task[None] | None = None
        self._flush: asyncio.TimerHandle | None = None
        self._works: set[asyncio.Task[None]] = set()

    @classmethod
    def here(cls) -> "Watch":
        """Return the watch of the running loop."""
        loop = asyncio.get_running_loop()
        watch = cls._all.get(loop)
        if watch is None:
            for other in [each for each in list(cls._all) if each.is_closed()]:
                del cls._all[other]
            watch = cls._all[loop] = cls(loop)
        return watch

    def add(self, socket: Watched) -> None:
        """Watch a socket that was welcomed."""
        self.sockets.add(socket)
        if self._task is None:
            self._task = self._loop.create_task(self._run())

    def remove(self, socket: Watched) -> None:
        """Forget a socket; after the last one the checks stop."""
        self.sockets.discard(socket)
        if not self.sockets and self._task is not None:
            self._task.cancel()
            self._task = None
            if self._flush is not None:
                self._flush.cancel()
                self._flush = None
                mark_collector.flush()

    def flush_marks(self, delay: float) -> None:
        """Have the noted marks written within `delay` seconds."""
        due = self._loop.time() + delay
        if self._flush is None or self._flush.when() > due + 0.01:
            if self._flush is not None:
                self._flush.cancel()
            self._flush = self._loop.call_at(due, self._flush_now)

    def _flush_now(self) -> None:
        self._flush = None
        mark_collector.flush()

    async def farewell(self) -> None:
        """Tell every client when to come back, spread over some seconds."""
        for socket in list(self.sockets):
            retry = round(random.uniform(0.5, 5.0), 1)  # noqa: S311
            socket.say_later(encode({"type": "bye", "retry_after": retry}))
        await asyncio.sleep(0.05)

    async def _run(self) -> None:
        checked = self._loop.time()
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            now = self._loop.time()
            try:
                self.end_stalled()
                await self.recheck()
                if now - checked >= CHECK_SECONDS - RECHECK_SECONDS:
                    checked = now
                    await self.check_positions()
                    await self.check_tickets()
                    await self.check_presence()
            except Exception:
                # The database is away: what matters is told when it is back.
                logger.warning("sockets.watch_failed", exc_info=True)

    def end_stalled(self) -> None:
        """End sockets whose other end has not read for long."""
        limit = time.monotonic() - STALLED_SECONDS
        for socket in list(self.sockets):
            if socket.sending_since and socket.sending_since < limit:
                socket.end(Close.SLOW)

    async def recheck(self) -> None:
        """End the sockets of agents who would not be let in again as they were, and of visitors of
        a brand that was switched off or on a page that is none of its brand's any more. Those of
        agents hear brands that were made meanwhile."""
        sockets: dict[Credential, Watched] = {
            credential: socket
            for socket in list(self.sockets)
            if (credential := socket.credential) is not None
        }
        if sockets:
            good, brand_ids = await read(_let_in, list(sockets))
            for credential, socket in sockets.items():
                if credential not in good:
                    socket.end(Close.TOKEN)
                elif socket in self.sockets:
                    await socket.hear_brands(brand_ids)
        visiting = {
            (socket.brand_id, socket.origin)
            for socket in self.sockets
            if socket.brand_id is not None
        }
        if visiting:
            closed = await read(_closed, visiting)
            for socket in list(self.sockets):
                if code := closed.get((socket.brand_id, socket.origin)):
                    socket.end(code)
        await self._recheck_threads()

    async def _recheck_threads(self) -> None:
        """Have agents' sockets look again at the chats whose agent, queue or status changed; three
        queries for all, and one for each socket that must look."""
        following = [
            (socket, list(socket.threads.values()))
            for socket in list(self.sockets)
            if socket.credential is not None and socket.threads
        ]
        if not following:
            return
        now = await read(
            read_placements, {thread.pk for _, threads in following for thread in threads}
        )
        for socket, threads in following:
            moved = {
                thread.pk: now.get(thread.pk, ())
                for thread in threads
                if thread.placement != now.get(thread.pk, ())
            }
            if moved:
                await socket.look_again(moved)

    async def check_positions(self) -> None:
        """Compare where all followed chats stand with what went out; one query."""
        following = [socket for socket in list(self.sockets) if socket.threads]
        pks = {thread.pk for socket in following for thread in socket.threads.values()}
        if not pks:
            return
        now_at = await read(read_heads, pks)
        for socket in following:
            for thread in list(socket.threads.values()):
                seq, visitor_seq = now_at.get(thread.pk, (0, 0))
                head = visitor_seq if socket.audience == "visitor" else seq
                if head != thread.sent and not thread.busy:
                    self.later(socket.catch_up, thread)

    async def check_tickets(self) -> None:
        """The same of tickets; one query, and none where nobody watches one."""
        following = [
            (socket, thread)
            for socket in list(self.sockets)
            for thread in socket.ticket_threads.values()
        ]
        if following:
            heads = await read(ticket_heads, {thread.pk for _, thread in following})
            for socket, thread in following:
                if heads.get(thread.pk) != thread.sent and not thread.busy:
                    self.later(socket.catch_up_ticket, thread)

    async def check_presence(self) -> None:
        """Renew what others know of the visitors here, and tell agents what no bell has told:
        a process died with its sockets, or nobody knows any more."""
        await visitor_presence.renew()
        watching = [
            (socket, thread)
            for socket in list(self.sockets)
            if socket.audience == "agent"
            for thread in socket.threads.values()
            if thread.may_be_here
        ]
        if watching:
            found = await visitor_presence.states({thread.visitor_hash for _, thread in watching})
            at = timezone.now()
            for socket, thread in watching:
                state = found[thread.visitor_hash]
                if thread.visitor != state:
                    said = visitor_presence.presence_data(thread.public_id, state, at)
                    self.later(socket.show_presence, said)

    def later(self, work: Callable[..., Awaitable[None]], *about: Any) -> None:
        """Do something for a socket that may not wait for it.

        It is called in its own task: when the loop ends before, nobody waits for a coroutine.
        """
        task = self._loop.create_task(_quietly(work, *about))
        self._works.add(task)
        task.add_done_callback(self._works.discard)


type _Site = tuple[int | None, str | None]


def _let_in(credentials: Collection[Credential]) -> tuple[set[Credential], set[int]]:
    """Return who may stay, and which brands there are."""
    return still_good(credentials), set(Brand.objects.values_list("pk", flat=True))


def _closed(visiting: Collection[tuple[int, str | None]]) -> dict[_Site, int]:
    """Return with which code the sockets of these brands and pages must end, if they must."""
    brands = {brand.pk: brand for brand in Brand.objects.filter(is_active=True)}
    closed: dict[_Site, int] = {}
    for brand_id, origin in visiting:
        brand = brands.get(brand_id)
        if brand is None:
            closed[brand_id, origin] = Close.GONE
        elif not origin_allowed(origin, brand):
            closed[brand_id, origin] = Close.FORBIDDEN
    return closed


async def _quietly(work: Callable[..., Awaitable[None]], *about: Any) -> None:
    try:
        await work(*about)
    except Exception:
        logger.warning("sockets.work_failed", exc_info=True)
