"""What the sockets of visitors and agents do alike: take frames, post, follow conversations."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, ClassVar

from chat.posting import mark_collector
from chat.posting.group_commit import writer
from chat.posting.messages import Author, Outgoing, Posted, Result
from chat.protocol import Close, ack_text, nack_frame
from chat.sockets.connection import Connection, Ended
from chat.sockets.credentials import Credential
from chat.sockets.following import Following
from chat.sockets.rates import REFUSALS_MAX, Bucket, TooManyPings, count_ping
from chat.sockets.readers import read
from chat.sockets.threads import Follow, Placement, ThreadState
from chat.sockets.watch import MARKS_SECONDS, READS_SECONDS
from config.wire import encode, wire_time

logger = logging.getLogger(__name__)

_PONG = '{"type":"pong"}'


type Command = Callable[[Any, dict[str, Any]], Awaitable[None]]


class LiveConsumer(Connection):
    """A socket that speaks our protocol."""

    commands: ClassVar[dict[str, Command]]
    # The same of frames that name a ticket.
    ticket_commands: ClassVar[dict[str, Command]] = {}

    credential: Credential | None = None
    # Most sockets follow nothing.
    following: Following | None = None
    author: Author | None = None
    # Whose site a visitor's socket belongs to.
    brand_id: int | None = None
    # Of the page it is on, where a browser said so.
    origin: str | None = None
    bucket: Bucket | None = None
    _pings_paid_until = 0.0

    # In

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one message of the client or of the channel layer."""
        kind = message["type"]
        if kind == "live.entries":
            thread = self.follow_unasked(message)
            if thread is not None and self.following is not None:
                await self.following.forward(thread, message)
        elif kind == "websocket.receive":
            frame = self._frame(message)
            if frame["type"] == "ping":
                await self._answer_ping()
            elif await self._within_rate(frame):
                commands = self.ticket_commands if "ticket" in frame else self.commands
                await commands[frame["type"]](self, frame)
        elif kind == "live.frames":
            await self.forward(message)
        elif kind == "live.resync":
            await self.resync()
        elif kind == "live.revoke":
            self.revoke(message)
        else:
            logger.error("socket.unknown_content %s", kind)

    async def _answer_ping(self) -> None:
        try:
            self._pings_paid_until = count_ping(self._pings_paid_until)
        except TooManyPings:
            raise Ended(Close.RATE) from None
        await self.say(_PONG)

    async def _within_rate(self, frame: dict[str, Any]) -> bool:
        if self.bucket is None:
            self.bucket = Bucket()
        bucket, cid = self.bucket, frame.get("cid")
        if cid is not None and bucket.still_refuses(cid):
            if bucket.refusals > REFUSALS_MAX:
                raise Ended(Close.RATE)
            await self.say(encode(nack_frame(cid, "rate", retry=True)))
            return False
        if not (missing := bucket.take()):
            bucket.granted()
            return True
        while missing:
            if not bucket.may_pause(missing):
                if cid is not None:
                    bucket.refuse(cid)
                    await self.say(encode(nack_frame(cid, "rate", retry=True)))
                    return False
                if frame["type"] == "typing":
                    return False
            # Not reading is what slows the other end down.
            await asyncio.sleep(missing)
            missing = bucket.take()
        return True

    async def hello_again(self, frame: dict[str, Any]) -> None:
        """Refuse a second `hello`."""
        raise Ended(Close.BAD_FRAME)

    async def post(self, frame: dict[str, Any], kind: str, *, may_see: bool = True) -> None:
        """Have a message or note stored; the answer may come later when its chat is taken."""
        author, cid = self.author, frame["cid"]
        if author is None:
            await self.say(encode(nack_frame(cid, "forbidden", retry=False)))
            return
        draft = Outgoing(
            frame["conversation"],
            author,
            frame["text"],
            cid,
            kind,
            tuple(frame["attachments"]),
            may_see,
            frame.get("whisper", False),
        )
        sending = writer.begin(draft)
        if await sending.parked:
            # Whoever has the chat's row stops no other frame of this socket.
            self._spawn(self._answer, cid, sending.result)
        else:
            await self._answer(cid, sending.result)

    async def _answer(self, cid: str, sent: "asyncio.Future[Result]") -> None:
        result = await sent
        if isinstance(result, Posted):
            ack = ack_text(
                cid=cid,
                entry_id=result.wire_id(self.audience),
                seq=result.number(self.audience),
                at=wire_time(result.at),
                dup=result.dup,
            )
            await self.say(ack)
        else:
            await self.say(encode(nack_frame(cid, result.code, retry=result.retry)))

    # What it follows

    def make_following(self) -> Following:
        """Return what this kind of socket does with conversations that it follows."""
        raise NotImplementedError

    def find(self, public_id: str) -> ThreadState | None:
        """Return where a conversation stands, if the person may see it. Reads the database."""
        raise NotImplementedError

    @property
    def threads(self) -> Mapping[str, Follow]:
        """The followed conversations."""
        return self.following.threads if self.following is not None else {}

    @property
    def ticket_threads(self) -> Mapping[str, Follow]:
        """The followed tickets; only agents follow some."""
        return {}

    async def catch_up_ticket(self, thread: Follow) -> None:
        """Send what of a followed ticket has not gone out."""

    def follow(self, thread: Follow) -> None:
        """Forward what is new in a conversation from now on."""
        if self.following is None:
            self.following = self.make_following()
        self.following.add(thread)

    def follow_unasked(self, content: dict[str, Any]) -> Follow | None:
        """Return the followed conversation of new entries; None when they are not for us."""
        return self.threads.get(content["conversation"])

    async def thread_of(self, public_id: str) -> Follow | None:
        """Return a conversation that the person may see, followed or not."""
        followed = self.threads.get(public_id)
        if followed is not None:
            return followed
        state = await read(self.find, public_id)
        return state.follow(state.head) if state is not None else None

    async def catch_up(self, thread: Follow) -> None:
        """Send what of a followed conversation has not gone out."""
        if self.following is not None:
            await self.following.catch_up(thread)

    async def look_again(self, moved: Mapping[int, Placement]) -> None:
        """Stop following those of some conversations that the person may not see any more."""

    async def hear_brands(self, brand_ids: Collection[int]) -> None:
        """Hear the desks of those brands that the person may see; only agents do."""

    async def show_presence(self, said: dict[str, str]) -> None:
        """Hear whether the visitor of a followed conversation is here; only agents do."""

    async def resync(self) -> None:
        """Look in the database for whatever a lost doorbell may have carried."""
        if self.following is not None:
            await self.following.catch_up_all()

    def note_delivered(self, thread: Follow, seq: int) -> None:
        """Note that the other side's words have reached this screen."""
        agent = self.credential.agent.pk if self.credential else None
        if agent is None or thread.speaks:
            mark_collector.note(thread.pk, agent, delivered=seq)
            self.watch.flush_marks(delay=MARKS_SECONDS)

    async def mark_read(self, frame: dict[str, Any]) -> None:
        """Note how far the person has read."""
        thread = await self.thread_of(frame["conversation"])
        if thread is not None:
            agent = self.credential.agent.pk if self.credential else None
            mark_collector.note(thread.pk, agent, read=frame["seq"])
            self.watch.flush_marks(delay=READS_SECONDS)

    # Out

    async def forward(self, content: dict[str, Any]) -> None:
        """Pass on frames as they are."""
        for frame in content["frames"]:
            await self.say(frame if isinstance(frame, str) else encode(frame))

    def revoke(self, content: dict[str, Any]) -> None:
        """End when the content means this socket."""

    def _forget(self) -> None:
        self.watch.remove(self)
        super()._forget()
        self.following = None
        self.forgotten()

    def forgotten(self) -> None:
        """Take back what `welcome` did elsewhere; may be called twice."""
