"""How a socket follows conversations: forward what is next, read the database at every gap."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError

from chat.protocol import RESUME_MAX, RESUMED_ENTRIES_MAX
from chat.sockets.readers import read
from chat.sockets.threads import Follow, Missed, ThreadState
from config.wire import encode

logger = logging.getLogger(__name__)


class Gone(Exception):
    """The other end has gone."""


class Following:
    """The conversations that one socket follows."""

    __slots__ = ("_begun", "_delivered", "_fetch", "_left", "_say", "threads")

    def __init__(
        self,
        *,
        # Sends one encoded frame; raises `Gone`.
        say: Callable[[str], Awaitable[None]],
        # Reads what of a conversation did not go out; None: it may not be seen any more.
        fetch: Callable[[Follow], Missed | None],
        # Hears which numbers of the other side have gone out.
        delivered: Callable[[Follow, int], None],
        # Hears which conversations are followed from now on, and which are not any more.
        begun: Callable[[Follow], None],
        left: Callable[[Follow], Awaitable[None]] | None = None,
    ) -> None:
        self._say = say
        self._fetch = fetch
        self._delivered = delivered
        self._begun = begun
        self._left = left
        self.threads: dict[str, Follow] = {}

    def add(self, thread: Follow) -> None:
        """Forward what is new in a conversation from now on."""
        self.threads[thread.public_id] = thread
        self._begun(thread)

    async def drop(self, thread: Follow) -> None:
        """Hear nothing more of a conversation."""
        self.threads.pop(thread.public_id, None)
        if self._left is not None:
            await self._left(thread)

    async def add_all(
        self,
        states: Sequence[ThreadState],
        resume: Mapping[str, int],
        begins_at: Callable[[ThreadState], int],
    ) -> None:
        """Follow what `hello` found, and send what was missed, up to a number for all together.

        `begins_at` says from which number a conversation is sent that `resume` doesn't name.
        """
        left = RESUMED_ENTRIES_MAX
        for state in states:
            is_named = state.public_id in resume
            thread = state.follow(resume[state.public_id] if is_named else begins_at(state))
            thread.is_watched = is_named
            self.add(thread)
            behind = state.head - thread.sent
            if 0 < behind <= RESUME_MAX and behind > left:
                thread.sent = state.head
                await self._say(encode({"type": "resync", "conversation": state.public_id}))
            elif behind:
                left -= behind if 0 < behind <= RESUME_MAX else 0
                await self.catch_up(thread)

    async def forward(self, thread: Follow, content: dict[str, Any]) -> None:
        """Pass on new entries when they are the next ones."""
        if thread.busy:
            thread.dirty = True
        elif content["first"] == thread.sent + 1:
            thread.sent = content["last"]
            await self._say(content["text"])
            if content["delivered"]:
                self._delivered(thread, content["delivered"])
        elif content["last"] > thread.sent:
            await self.catch_up(thread)

    async def catch_up(self, thread: Follow) -> None:
        """Send what is in the database and has not gone out; the only way past a gap."""
        if thread.busy:
            thread.dirty = True
            return
        thread.busy = True
        try:
            while True:
                thread.dirty = False
                missed = await read(self._fetch, thread)
                if missed is None:
                    await self.drop(thread)
                    return
                thread.sent = missed.head
                for frame in missed.frames:
                    await self._say(frame)
                if missed.delivered:
                    self._delivered(thread, missed.delivered)
                if not thread.dirty:
                    return
        except Gone:
            pass
        except (OperationalError, InterfaceError):
            # The position check asks again.
            logger.warning("socket.database_away")
        finally:
            thread.busy = False

    async def catch_up_all(self) -> None:
        """Look in the database for whatever a lost doorbell may have carried."""
        for thread in list(self.threads.values()):
            await self.catch_up(thread)
