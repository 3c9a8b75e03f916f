"""How a socket follows conversations: forward what is next, read the database at every gap."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError

from chat.posting import mark_collector
from chat.protocol import RESUME_MAX, RESUMED_ENTRIES_MAX, Audience
from chat.sockets.credentials import Credential
from chat.sockets.readers import read
from chat.sockets.threads import Follow, Missed, Placement, ThreadState
from chat.sockets.watch import MARKS_SECONDS, READS_SECONDS, Watch
from config.wire import encode

logger = logging.getLogger(__name__)


class Gone(Exception):
    """The other end has gone."""


class Following:
    """The followed conversations of one socket; most sockets follow none."""

    audience: Audience
    watch: Watch
    credential: Credential | None = None
    threads: dict[str, Follow] | None = None

    async def say(self, text: str) -> None:
        """Send one encoded frame; raises `Gone`."""
        raise NotImplementedError

    def find(self, public_id: str) -> ThreadState | None:
        """Return where a conversation stands, if the person may see it. Reads the database."""
        raise NotImplementedError

    def fetch(self, thread: Follow) -> Missed | None:
        """Return what a followed conversation has that did not go out; None: no longer ours."""
        raise NotImplementedError

    async def forward_entries(self, content: dict[str, Any]) -> None:
        """Pass on new entries when they are the next ones."""
        thread = self.follow_unasked(content)
        if thread is None:
            return
        if thread.busy:
            thread.dirty = True
        elif content["first"] == thread.sent + 1:
            thread.sent = content["last"]
            await self.say(content["text"])
            if content["delivered"]:
                self.note_delivered(thread, content["delivered"])
        elif content["last"] > thread.sent:
            await self.catch_up(thread)

    def follow_unasked(self, content: dict[str, Any]) -> Follow | None:
        """Return the followed conversation of new entries; None when they are not for us."""
        return (self.threads or {}).get(content["conversation"])

    def follow(self, thread: Follow) -> None:
        """Forward what is new in a conversation from now on."""
        if self.threads is None:
            self.threads = {}
        self.threads[thread.public_id] = thread

    async def follow_all(self, states: Sequence[ThreadState], resume: Mapping[str, int]) -> None:
        """Follow what `hello` found, and send what was missed, up to a number for all together."""
        left = RESUMED_ENTRIES_MAX
        for state in states:
            thread = state.follow(resume.get(state.public_id, self.begins_at(state)))
            thread.is_watched = state.public_id in resume
            self.follow(thread)
            behind = state.head - thread.sent
            if 0 < behind <= RESUME_MAX and behind > left:
                thread.sent = state.head
                await self.say(encode({"type": "resync", "conversation": state.public_id}))
            elif behind:
                left -= behind if 0 < behind <= RESUME_MAX else 0
                await self.catch_up(thread)

    def begins_at(self, state: ThreadState) -> int:
        """Return the number from which a conversation is sent that `hello` doesn't name."""
        raise NotImplementedError

    async def unfollow(self, thread: Follow) -> None:
        """Hear nothing more of a conversation."""
        (self.threads or {}).pop(thread.public_id, None)

    async def look_again(self, moved: Mapping[int, Placement]) -> None:
        """Stop following those of some conversations that the person may not see any more."""

    async def show_presence(self, said: dict[str, str]) -> None:
        """Hear whether the visitor of a followed conversation is here; only agents do."""

    async def catch_up(self, thread: Follow) -> None:
        """Send what is in the database and has not gone out; the only way past a gap."""
        if thread.busy:
            thread.dirty = True
            return
        thread.busy = True
        try:
            while True:
                thread.dirty = False
                missed = await read(self.fetch, thread)
                if missed is None:
                    await self.unfollow(thread)
                    return
                thread.sent = missed.head
                for frame in missed.frames:
                    await self.say(frame)
                if missed.delivered:
                    self.note_delivered(thread, missed.delivered)
                if not thread.dirty:
                    return
        except Gone:
            pass
        except (OperationalError, InterfaceError):
            # The position check asks again.
            logger.warning("socket.database_away")
        finally:
            thread.busy = False

    def note_delivered(self, thread: Follow, seq: int) -> None:
        """Note that the other side's words have reached this screen."""
        agent = self.credential.agent.pk if self.credential else None
        if agent is None or thread.speaks:
            mark_collector.note(thread.pk, agent, delivered=seq)
            self.watch.flush_marks(delay=MARKS_SECONDS)

    async def resync(self) -> None:
        """Look in the database for whatever a lost doorbell may have carried."""
        for thread in list((self.threads or {}).values()):
            await self.catch_up(thread)

    async def mark_read(self, frame: dict[str, Any]) -> None:
        """Note how far the person has read."""
        thread = await self.thread_of(frame["conversation"])
        if thread is not None:
            agent = self.credential.agent.pk if self.credential else None
            mark_collector.note(thread.pk, agent, read=frame["seq"])
            self.watch.flush_marks(delay=READS_SECONDS)

    async def thread_of(self, public_id: str) -> Follow | None:
        """Return a conversation that the person may see, followed or not."""
        followed = (self.threads or {}).get(public_id)
        if followed is not None:
            return followed
        state = await read(self.find, public_id)
        return state.follow(state.head) if state is not None else None
