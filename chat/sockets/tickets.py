"""Tickets on an agent's socket: frames that name a `ticket` do to it what they do to a chat.

Rights are those of the ticket desk: what `visible_to` shows, and what its operations allow.
"""

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import DatabaseError
from django.utils import timezone, translation

from agents.access import Access
from chat.protocol import (
    BATCH_SIZE,
    RESUME_MAX,
    RESUMED_CONVERSATIONS_MAX,
    Close,
    ack_text,
    is_sayable,
    nack_frame,
)
from chat.sockets.base import LiveConsumer
from chat.sockets.connection import Ended
from chat.sockets.credentials import Credential
from chat.sockets.following import Following
from chat.sockets.readers import read
from chat.sockets.threads import Follow, Missed
from config.wire import encode, wire_time
from tickets.api.shapes import TicketEntriesAnswer
from tickets.models import Ticket
from tickets.operations.changes import WrongValue
from tickets.operations.drafts import tell_typing
from tickets.operations.replies import UnknownFile, UnsayableText, say
from tickets.rights import TicketNotAuthorised

logger = logging.getLogger(__name__)


class TicketSocket(LiveConsumer):
    """An agent's socket, as far as it is about tickets."""

    # Those that its screens show.
    tickets: Following | None = None

    @property
    def ticket_threads(self) -> Mapping[str, Follow]:
        return self.tickets.threads if self.tickets is not None else {}

    async def catch_up_ticket(self, thread: Follow) -> None:
        if self.tickets is not None:
            await self.tickets.catch_up(thread)

    async def resync(self) -> None:
        await super().resync()
        if self.tickets is not None:
            await self.tickets.catch_up_all()

    def forgotten(self) -> None:
        self.tickets = None

    def _holder(self) -> Credential:
        if self.credential is None:
            raise Ended(Close.TOKEN)
        return self.credential

    async def watch_ticket(self, frame: dict[str, Any]) -> None:
        """`watch` of a ticket: its lines follow those that the screen has."""
        number, is_full = frame["ticket"], len(self.ticket_threads) >= RESUMED_CONVERSATIONS_MAX
        if is_full and number not in self.ticket_threads:
            return
        thread = await read(_follow, self._holder(), number, frame["after"])
        if thread is not None:
            if self.tickets is None:
                self.tickets = Following(
                    say=self.say,
                    fetch=lambda thread: _missed(self._holder(), thread),
                    # Tickets have no marks of what was read.
                    delivered=lambda thread, seq: None,
                    begun=lambda thread: None,
                )
            self.tickets.add(thread)
            await self.tickets.catch_up(thread)

    async def unwatch_ticket(self, frame: dict[str, Any]) -> None:
        """`unwatch` of a ticket."""
        thread = self.ticket_threads.get(frame["ticket"])
        if thread is not None and self.tickets is not None:
            await self.tickets.drop(thread)

    async def reply_to_ticket(self, frame: dict[str, Any]) -> None:
        """`message.send` to a ticket: a reply, mailed as one from its page."""
        await self._post_in_ticket(frame, is_note=False)

    async def note_in_ticket(self, frame: dict[str, Any]) -> None:
        """`note.add` to a ticket."""
        await self._post_in_ticket(frame, is_note=True)

    async def _post_in_ticket(self, frame: dict[str, Any], *, is_note: bool) -> None:
        try:
            answer = await read(_say, self._holder(), frame, is_note=is_note)
        except DatabaseError:
            logger.warning("socket.database_away")
            answer = encode(nack_frame(frame["cid"], "unavailable", retry=True))
        await self.say(answer)

    async def type_in_ticket(self, frame: dict[str, Any]) -> None:
        """`typing` in a ticket: colleagues who may see it see who is at it."""
        await read(_type, self._holder(), frame["ticket"], on=frame["on"])

    async def read_ticket(self, frame: dict[str, Any]) -> None:
        """`read` of a ticket: nobody is told how far its agents have read."""

    ticket_commands: ClassVar = {
        "message.send": reply_to_ticket,
        "note.add": note_in_ticket,
        "typing": type_in_ticket,
        "read": read_ticket,
        "watch": watch_ticket,
        "unwatch": unwatch_ticket,
    }


def _find(access: Access, number: str) -> Ticket | None:
    """Return a ticket, if the agent may see it."""
    return Ticket.objects.visible_to(access).filter(pk=int(number)).first()


def _follow(who: Credential, number: str, after: int | None) -> Follow | None:
    """Return the following of a ticket from `after` on, or from where it stands now."""
    ticket = _find(who.access, number)
    if ticket is None:
        return None
    return Follow(ticket.pk, number, ticket.last_seq if after is None else after)


def _missed(who: Credential, thread: Follow) -> Missed | None:
    """Return what a screen has missed; None when the ticket may not be seen any more."""
    ticket = _find(who.access, thread.public_id)
    if ticket is None:
        return None
    head, after = ticket.last_seq, thread.sent
    if after > head or head - after > RESUME_MAX:
        return Missed([encode({"type": "resync", "ticket": thread.public_id})], head)
    lines = ticket.entries.filter(seq__gt=after, seq__lte=head).order_by("seq")
    found = list(lines.select_related("agent", "ticket__contact").prefetch_related("deliveries"))
    frames = []
    with translation.override(who.agent.language):
        for start in range(0, len(found), BATCH_SIZE):
            more = start + BATCH_SIZE < len(found)
            batch = {"entries": found[start : start + BATCH_SIZE], "head": head, "more": more}
            told = TicketEntriesAnswer(batch).data
            frames.append(encode({"type": "entries", "ticket": thread.public_id, **told}))
    return Missed(frames, head)


def _say(who: Credential, frame: Mapping[str, Any], *, is_note: bool) -> str:
    cid, text, files = frame["cid"], frame["text"], frame["attachments"]
    ticket = _find(who.access, frame["ticket"])
    if ticket is None:
        return encode(nack_frame(cid, "forbidden", retry=False))
    try:
        if not is_sayable(text, with_files=bool(files)):
            raise UnsayableText
        entry, is_new = say(
            ticket=ticket,
            by=who.agent,
            text=text,
            client_id=cid,
            now=timezone.now(),
            is_note=is_note,
            file_ids=files,
        )
    except TicketNotAuthorised:
        return encode(nack_frame(cid, "forbidden", retry=False))
    except (UnsayableText, UnknownFile, WrongValue):
        return encode(nack_frame(cid, "invalid", retry=False))
    at = wire_time(entry.created_at)
    return ack_text(cid=cid, entry_id=str(entry.pk), seq=entry.seq, at=at, dup=not is_new)


def _type(who: Credential, number: str, *, on: bool) -> None:
    """Show colleagues who may see the ticket that the agent is at it, or has stopped."""
    ticket = _find(who.access, number)
    if ticket is not None:
        tell_typing(ticket=ticket, agent=who.agent, on=on)
