"""The agent's socket: `/ws/console/`."""

import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from django.utils import timezone

from agents import presence as agent_presence
from agents.access import brands_of
from agents.brands.origins import is_own, origin_of
from agents.events import agent_group, desk_group
from chat.events.groups import thread_group, visitor_group
from chat.operations.watching import note_watching
from chat.posting.messages import MESSAGE, NOTE, Author
from chat.protocol import RESUMED_CONVERSATIONS_MAX, Close, typing_frame, welcome_frame
from chat.sockets import visitor_presence
from chat.sockets.base import LiveConsumer
from chat.sockets.connection import Ended
from chat.sockets.credentials import Credential, by_session, by_token, session_key_of, still_good
from chat.sockets.following import Following, Gone
from chat.sockets.readers import read
from chat.sockets.threads import (
    Follow,
    Placement,
    ThreadState,
    agent_thread,
    agent_threads,
    epoch,
    missed_by_agent,
    threads_of,
)
from chat.sockets.tickets import TicketSocket
from config.realtime.layer import announce
from config.web.rate_limits import scope_address
from config.wire import encode, event_frame, frames_content
from tickets.places import reaches

# How long an agent's part in a chat is believed before typing is shown to the visitor.
PART_SECONDS = 5.0


class ConsoleConsumer(TicketSocket):
    """An agent's socket: hears chats that it watches or has, its own matters and its brands'."""

    audience = "agent"

    session_key: str | None = None
    address: str | None = None
    is_leased = False
    # Chats of others whose watching stands in the audit log.
    noted: frozenset[int] = frozenset()
    # The brands whose desks it hears.
    brand_ids: frozenset[int] = frozenset()

    async def may_knock(self, scope: Any) -> bool:
        """With a cookie only our own pages; without one also programs that have no page."""
        origin = origin_of(scope)
        self.session_key = session_key_of(scope["headers"])
        self.address = scope_address(scope)
        return is_own(origin) or (origin is None and self.session_key is None)

    async def welcome(self, hello: dict[str, Any]) -> None:
        """Check session or token, hear what concerns the agent, send what was missed."""
        credential = await read(self._let_in, hello["token"], hello["agent"])
        if credential is None:
            raise Ended(Close.TOKEN)
        agent = credential.agent
        self.author = Author.of_agent(agent)
        await self.join(agent_group(agent.pk))
        resume: dict[str, int] = hello["resume"]
        states, brand_ids, now_epoch = await read(_agent_start, credential, resume)
        await self._join_desks(brand_ids)
        self.watch.add(self)
        for state in states:
            await self.join(thread_group(state.pk))
        # Asked once more, now that the bells ring here.
        states = await read(agent_threads, credential.access, resume) if states else []
        heads = {state.public_id: state.head for state in states}
        await self._note_watching(credential, states)
        await self.say(encode(welcome_frame(heads, now_epoch)))
        if states:
            self.following = self.make_following()
            await self.following.add_all(states, resume, begins_at=lambda state: state.head)

    def _let_in(self, token: str | None, expected: str | None) -> Credential | None:
        credential = None
        if token is not None:
            credential = by_token(token)
        elif self.session_key:
            credential = by_session(self.session_key)
        # A page of whoever was signed in before must not speak as somebody else.
        if credential is not None and expected in {None, credential.agent.public_id}:
            self.credential = credential
            # The lease is written before `welcome`: whoever is welcomed can be given work.
            self.is_leased = True
            agent_presence.attach(self.credential.agent.pk)
        return self.credential

    def find(self, public_id: str) -> ThreadState | None:
        return agent_thread(self._access(), public_id)

    def make_following(self) -> Following:
        """Ask of each followed chat whether its visitor is here, and hear its group meanwhile."""
        return Following(
            say=self.say,
            fetch=lambda thread: missed_by_agent(self._access(), thread),
            delivered=self.note_delivered,
            begun=lambda thread: self._spawn(self._ask_presence, thread),
            left=lambda thread: self.leave(thread_group(thread.pk)),
        )

    def _access(self) -> Any:
        if self.credential is None:
            raise Ended(Close.TOKEN)
        return self.credential.access

    async def forward(self, content: dict[str, Any]) -> None:
        """Pass on frames, and follow chats that came to the agent with them."""
        if self.author is not None and content.get("sender") == self.author.public_id:
            return
        place = content.get("place")
        if place is not None and not reaches(self._access(), place):
            content = content | {"frames": content["bare"]}
        await super().forward(content)
        if (said := content.get("presence")) is not None:
            await self.show_presence(said)
        if (shown := self.ticket_threads.get(content.get("ticket", ""))) is not None:
            await self.catch_up_ticket(shown)
        for public_id in content.get("touched", ()):
            await self._refresh(public_id)

    async def _ask_presence(self, thread: Follow) -> None:
        if thread.may_be_here:
            found = await visitor_presence.states([thread.visitor_hash])
            await self.show_presence(
                visitor_presence.presence_data(
                    thread.public_id, found[thread.visitor_hash], timezone.now()
                )
            )

    async def show_presence(self, said: dict[str, str]) -> None:
        """Pass on whether a followed chat's visitor is here, when it is news."""
        thread = self.threads.get(said["conversation"])
        if thread is not None and thread.visitor != said["visitor"]:
            thread.visitor = said["visitor"]
            with suppress(Gone):
                await self.say(encode(event_frame("presence", said)))

    async def _refresh(self, public_id: str) -> None:
        """Follow a chat that is the agent's now; stop following one that may not be seen."""
        followed = self.threads.get(public_id)
        state = await read(self.find, public_id)
        if followed is not None:
            await self._keep_following(followed, state)
        elif state is not None and state.is_mine:
            await self._follow_from(state, state.head)

    async def look_again(self, moved: Mapping[int, Placement]) -> None:
        """Stop following those of some chats that were taken away, should no bell have told it."""
        states = await read(threads_of, self._access(), list(moved))
        for thread in list(self.threads.values()):
            if thread.pk in moved:
                await self._keep_following(thread, states.get(thread.pk))
                thread.placement = moved[thread.pk]

    async def hear_brands(self, brand_ids: Collection[int]) -> None:
        """Hear the desks of brands that were made since: a role for all brands reaches them too."""
        new = set(brand_ids) - self.brand_ids
        if new and (reached := self._access().brand_ids()) is not None:
            new &= reached
        if new:
            await self._join_desks(new)
            # What came before the joining has no bell.
            self.say_later(encode(event_frame("list.changed", {})))

    async def _join_desks(self, brand_ids: Collection[int]) -> None:
        for brand_id in brand_ids:
            await self.join(desk_group(brand_id))
        self.brand_ids |= set(brand_ids)

    async def _keep_following(self, thread: Follow, state: ThreadState | None) -> None:
        """Go on if the chat is the agent's, or may be seen and a screen shows it."""
        if state is None or not (state.is_mine or thread.is_watched):
            await self._unfollow(thread)
            return
        state.tell(thread)
        if self.credential is not None:
            await self._note_watching(self.credential, [state])

    async def _follow_from(
        self, state: ThreadState, sent: int, *, is_watched: bool = False
    ) -> None:
        await self.join(thread_group(state.pk))
        thread = state.follow(sent)
        thread.is_watched = is_watched
        self.follow(thread)
        # What came between the look and the joining has no bell.
        await self.catch_up(thread)

    async def _unfollow(self, thread: Follow) -> None:
        if self.following is not None:
            await self.following.drop(thread)

    async def start_watching(self, frame: dict[str, Any]) -> None:
        """`watch`: a thread was opened on the screen."""
        public_id, after = frame["conversation"], frame["after"]
        followed = self.threads.get(public_id)
        if followed is None and len(self.threads) >= RESUMED_CONVERSATIONS_MAX:
            return
        state = await read(self.find, public_id)
        if state is not None and self.credential is not None:
            await self._note_watching(self.credential, [state])
            sent = state.head if after is None else after
            await self._follow_from(state, sent, is_watched=True)

    async def _note_watching(self, credential: Credential, states: list[ThreadState]) -> None:
        """Note, once for each socket, which chats it shows to somebody without a part in them."""
        watched = {state.pk for state in states if not state.speaks} - self.noted
        if watched:
            await read(
                note_watching,
                conversation_ids=watched,
                by=credential.agent,
                address=self.address,
            )
            self.noted |= watched

    async def stop_watching(self, frame: dict[str, Any]) -> None:
        """`unwatch`: it was closed; chats of the agent's own go on."""
        followed = self.threads.get(frame["conversation"])
        if followed is not None:
            followed.is_watched = False
            if not followed.is_mine:
                await self._unfollow(followed)

    async def send_message(self, frame: dict[str, Any]) -> None:
        """`message.send`."""
        await self.post(frame, MESSAGE, may_see=await self._sees(frame))

    async def add_note(self, frame: dict[str, Any]) -> None:
        """`note.add`."""
        await self.post(frame, NOTE, may_see=await self._sees(frame))

    async def _sees(self, frame: dict[str, Any]) -> bool:
        """Return whether the agent's roles show the chat; asks nothing for a followed one."""
        return await self.thread_of(frame["conversation"]) is not None

    async def show_typing(self, frame: dict[str, Any]) -> None:
        """`typing`: the visitor sees a reply being typed by somebody who takes part, never a note
        and never a supervisor who only watches."""
        thread = await self.thread_of(frame["conversation"])
        if thread is None or self.author is None:
            return
        if frame["mode"] == "reply" and time.monotonic() - thread.checked_at > PART_SECONDS:
            state = await read(self.find, thread.public_id)
            if state is None:
                return
            state.tell(thread)
        if frame["mode"] == "reply" and not thread.speaks:
            return
        author, on = self.author.shape(), frame["on"]
        told = typing_frame(thread.public_id, author, on=on, mode=frame["mode"])
        deliveries = [(thread_group(thread.pk), frames_content(told, sender=self.author.public_id))]
        if frame["mode"] == "reply" and thread.visitor_hash:
            shown = typing_frame(thread.public_id, author, on=on)
            deliveries.append((visitor_group(thread.visitor_hash), frames_content(shown)))
        announce(deliveries)

    async def resync(self) -> None:
        """Look again: is the agent still let in, what was missed, what do the lists say."""
        credential = self.credential
        if credential is not None and not await read(still_good, [credential]):
            raise Ended(Close.TOKEN)
        await super().resync()
        await self.say(encode(event_frame("list.changed", {})))

    def revoke(self, content: dict[str, Any]) -> None:
        session = content.get("session")
        if session is None or (self.credential and session == self.credential.session_key):
            raise Ended(Close.TOKEN)

    def forgotten(self) -> None:
        super().forgotten()
        if self.is_leased and self.credential is not None:
            self.is_leased = False
            self.watch.later(read, agent_presence.detach, self.credential.agent.pk)

    commands = {
        "hello": LiveConsumer.hello_again,
        "message.send": send_message,
        "note.add": add_note,
        "typing": show_typing,
        "read": LiveConsumer.mark_read,
        "watch": start_watching,
        "unwatch": stop_watching,
    }


def _agent_start(
    credential: Credential, resume: dict[str, int]
) -> tuple[list[ThreadState], list[int], Any]:
    brand_ids = [brand.pk for brand in brands_of(credential.access)]
    return agent_threads(credential.access, resume), brand_ids, epoch()
