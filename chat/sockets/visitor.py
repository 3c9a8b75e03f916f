"""The visitor's socket: `/ws/visitor/`."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from agents.brands.origins import is_known, is_own, origin_allowed, origin_of
from chat.events.groups import site_group, thread_group, visitor_group
from chat.posting.messages import MESSAGE, Author
from chat.protocol import Close, typing_frame, welcome_frame
from chat.routing.shown import shown_availability
from chat.sockets import visitor_presence
from chat.sockets.base import LiveConsumer
from chat.sockets.connection import Ended
from chat.sockets.following import Following
from chat.sockets.readers import read
from chat.sockets.threads import (
    Follow,
    ThreadState,
    epoch,
    missed,
    read_outlook,
    unresolved_threads,
    visitor_author,
    visitor_thread,
    visitor_threads,
)
from chat.widget.sessions import BadToken, VisitorSession, claims_of, session_with
from config.realtime.layer import announce
from config.web.rate_limits import HELLOS, TooMany, spend
from config.wire import encode, frames_content


class VisitorConsumer(LiveConsumer):
    """A widget's socket: hears everything of one visitor. Cookies mean nothing here."""

    audience = "visitor"
    per_address = "SOCKETS_PER_ADDRESS"

    secret_hash = ""

    async def may_knock(self, scope: Any) -> bool:
        """Let in pages of ours and of any brand; which brand's is known at `hello`."""
        self.origin = origin_of(scope)
        return self.origin is None or is_own(self.origin) or await read(is_known, self.origin)

    async def welcome(self, hello: dict[str, Any]) -> None:
        """Check the token, hear the visitor's and the site's groups, send what was missed."""
        try:
            claims = claims_of(hello["token"] or "")
            self.secret_hash, self.brand_id = claims["secret"], claims["brand"]
            # First the bell, then the database: what comes in between rings.
            await self.join(visitor_group(self.secret_hash))
            await self.join(site_group(claims["brand"]))
            resume: dict[str, int] = hello["resume"]
            start = await read(_visitor_start, claims, resume)
        except BadToken:
            raise Ended(Close.TOKEN) from None
        except TooMany:
            raise Ended(Close.RATE) from None
        session, states, now_epoch, expects = start
        if not origin_allowed(self.origin, session.brand):
            raise Ended(Close.FORBIDDEN)
        if session.visitor is not None:
            self.author = Author.of_visitor(session.visitor)
        self._take_place()
        heads = {state.public_id: state.head for state in states}
        # It may have changed since the widget was told, and while its socket was away.
        welcome = welcome_frame(heads, now_epoch) | {"availability": expects}
        await self.say(encode(welcome))
        if states:
            self.following = self.make_following()
            await self.following.add_all(states, resume, begins_at=lambda state: 0)

    def _take_place(self) -> None:
        sockets = visitor_presence.attach(self.secret_hash, self)
        self.watch.add(self)
        for oldest in sockets[: -settings.IMECE["SOCKETS_PER_VISITOR"]]:
            if isinstance(oldest, VisitorConsumer):
                oldest.end(Close.REPLACED)

    def make_following(self) -> Following:
        """Let the agents of each followed chat know that the visitor is here."""
        return Following(
            say=self.say,
            fetch=lambda thread: missed(thread.pk, thread.public_id, "visitor", thread.sent),
            delivered=self.note_delivered,
            begun=lambda thread: visitor_presence.follow(
                self.secret_hash, thread.pk, thread.public_id
            ),
        )

    def follow_unasked(self, content: dict[str, Any]) -> Follow | None:
        """Follow a chat that began after the welcome."""
        thread = super().follow_unasked(content)
        if thread is None:
            thread = Follow(content["pk"], content["conversation"], 0, self.secret_hash)
            self.follow(thread)
            # The form that began it may have asked for the name.
            self.author = None
        return thread

    def find(self, public_id: str) -> ThreadState | None:
        return visitor_thread(self.secret_hash, public_id)

    async def send_message(self, frame: dict[str, Any]) -> None:
        """`message.send`."""
        if self.author is None:
            # The first message made the row.
            self.author = await read(visitor_author, self.secret_hash)
        await self.post(frame, MESSAGE)

    async def show_typing(self, frame: dict[str, Any]) -> None:
        """`typing`, to the agents; what is being typed stays with the visitor."""
        thread = await self.thread_of(frame["conversation"])
        if thread is None:
            return
        if self.author is None:
            self.author = await read(visitor_author, self.secret_hash)
        if self.author is not None:
            shown = typing_frame(thread.public_id, self.author.shape(), on=frame["on"])
            announce([(thread_group(thread.pk), frames_content(shown))])

    async def resync(self) -> None:
        """Look again: what was said, also in chats that began unheard, and what to expect now."""
        for state in await read(unresolved_threads, self.secret_hash):
            if state.public_id not in self.threads:
                self.follow(state.follow(0))
        await super().resync()
        if self.brand_id is not None:
            for frame in await read(
                read_outlook, self.brand_id, self.secret_hash if self.threads else ""
            ):
                await self.say(frame)

    def forgotten(self) -> None:
        visitor_presence.detach(self.secret_hash, self)

    commands = {
        "hello": LiveConsumer.hello_again,
        "message.send": send_message,
        "typing": show_typing,
        "read": LiveConsumer.mark_read,
    }


def _visitor_start(
    claims: Mapping[str, Any], resume: dict[str, int]
) -> tuple[VisitorSession, list[ThreadState], Any, dict[str, Any]]:
    # A hello costs queries, however little the socket says after it.
    spend(HELLOS, claims["secret"][:32])
    session = session_with(claims)
    expects = shown_availability(session.brand, now=timezone.now())
    return session, visitor_threads(session, resume), epoch(), expects.as_json()
