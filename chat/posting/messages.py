"""The hot path: many messages, one transaction.

Statements of a batch, worded in `sql.py`: lock the conversations; look up repeats and permissions;
insert the entries; move the counters; write the outbox row. Two more when files come along.

A chat's first words, offline messages and all other lines are stored by `append` in
`chat/operations/entries.py`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from agents.models import Agent
from chat.events.words import ConversationWoke, MessagesPosted, TicketedWords
from chat.models import Conversation, Entry, Visitor
from chat.operations.holding import hold
from chat.operations.lines import build_deliveries, number_line
from chat.posting import sql
from chat.posting.outsiders import may_whisper, may_write
from chat.protocol import (
    ATTACHMENTS_MAX,
    Audience,
    author_json,
    entry_json,
    is_cid,
    is_sayable,
    wire_id,
)
from chat.routing import rule_hooks
from config.database.postgres import together
from config.events import Delivery, publish
from config.wire import wire_time

# A visitor may add to a chat that is being wrapped up; later only in the reopen window.
_OPEN_TO_VISITOR = frozenset({*Conversation.OPEN, Conversation.Status.WRAP_UP})
# A visitor's word in these wakes the chat: it has no slot, or has even gone to the archive.
_WOKEN_BY_WORDS = frozenset({Conversation.Status.WAITING, Conversation.Status.RESOLVED})
# Where nobody has the chat, rules may want to see the visitor's word first.
_WITHOUT_AGENT = frozenset({Conversation.Status.QUEUED, Conversation.Status.WAITING})
MESSAGE, NOTE = Entry.Kind.MESSAGE.value, Entry.Kind.NOTE.value
_NO_DATA: dict[str, Any] = {}
_WHISPER: dict[str, Any] = {"whisper": True}


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, as far as the hot path must know: a visitor or an agent."""

    kind: str
    pk: int
    public_id: str
    name: str
    avatar: str = ""

    @classmethod
    def of_visitor(cls, visitor: Visitor) -> "Author":
        """Return the author that a visitor is."""
        return cls("visitor", visitor.pk, visitor.public_id, visitor.name)

    @classmethod
    def of_agent(cls, agent: Agent) -> "Author":
        """Return the author that an agent is."""
        return cls("agent", agent.pk, agent.public_id, agent.name, agent.avatar_url)

    def shape(self) -> dict[str, str]:
        """Return the author as both audiences see it."""
        return author_json(self.kind, self.public_id, self.name, self.avatar)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What somebody wants to say; `conversation` is its opaque id, nothing is checked yet."""

    conversation: str
    author: Author
    text: str
    client_id: str
    kind: str = MESSAGE
    attachment_ids: Sequence[str] = ()
    # False: an agent whose roles don't show them the chat (any more), part in it or not.
    may_see: bool = True
    # A note of a supervisor to the agent who has the chat.
    is_whisper: bool = False

    @property
    def data(self) -> dict[str, Any]:
        """Return what its line holds besides the words."""
        return _WHISPER if self.is_whisper else _NO_DATA


@dataclass(frozen=True, slots=True)
class Posted:
    """A stored message: new, or the one that the same client id stored earlier (`dup`)."""

    draft: Outgoing
    entry_id: int
    seq: int
    visitor_seq: int | None
    at: datetime
    dup: bool = False

    def number(self, audience: Audience) -> int:
        """Return the number in the audience's counter."""
        return self.seq if audience == "agent" else self.visitor_seq or 0

    def wire_id(self, audience: Audience) -> str:
        """Return the entry's id on the wire."""
        return wire_id(audience, self.draft.conversation, self.number(audience))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not stored: `code` as in a nack; `retry` when sending again may help."""

    code: str
    retry: bool = False


INVALID = Refusal("invalid")
FORBIDDEN = Refusal("forbidden")
ENDED = Refusal("ended")
UNAVAILABLE = Refusal("unavailable", retry=True)
# Somebody else holds the conversation's row: try again alone, waiting for it.
BUSY = Refusal("busy", retry=True)

type Result = Posted | Refusal


@dataclass(slots=True)
class _NewEntry:
    """A message that got its number."""

    index: int
    draft: Outgoing
    seq: int
    visitor_seq: int | None
    files: list[sql.File]

    @property
    def author_kind(self) -> str:
        """Return which side it is from."""
        return self.draft.author.kind


@dataclass(slots=True)
class _LockedChat:
    """A locked conversation and what this batch adds to it."""

    row: sql.Locked
    lines: list[_NewEntry] = field(default_factory=list)


class _Batch:
    """The drafts of one transaction on their way to results."""

    def __init__(self, drafts: Sequence[Outgoing], now: datetime) -> None:
        self.drafts = drafts
        self.now = now
        self.results: list[Result | None] = [None] * len(drafts)
        self.chats: dict[str, _LockedChat] = {}
        self.ids: list[int] = []
        # Places whose client id came earlier in this batch, and where.
        self.repeats: list[tuple[int, int]] = []

    def number(self, *, wait: bool) -> None:
        """Take out repeats and refusals under the locks, then give the rest their numbers."""
        keys = [_key(d) for d, r in zip(self.drafts, self.results, strict=True) if r is None]
        if not keys:
            return
        reopen_since = self.now - timedelta(hours=settings.IMECE["REOPEN_HOURS"])
        locked, known = sql.lock_and_look_up(keys, reopen_since=reopen_since, wait=wait)
        self.chats = {row.public_id: _LockedChat(row) for row in locked}
        self.ids = known.ids
        asked = [
            (index, draft, self.chats[draft.conversation])
            for index, draft in enumerate(self.drafts)
            if self.results[index] is None and draft.conversation in self.chats
        ]
        files = sql.lock_files({name for _, draft, _ in asked for name in draft.attachment_ids})
        first_at: dict[sql.Key, int] = {}
        for index, draft, chat in asked:
            key = _key(draft)
            if not _may_ask(draft.author, chat.row, known):
                self.results[index] = FORBIDDEN
            elif (earlier := known.entries.get(key)) is not None:
                self.results[index] = Posted(
                    draft,
                    earlier.pk,
                    earlier.seq,
                    earlier.visitor_seq,
                    earlier.at,
                    dup=True,
                )
            elif key in first_at:
                self.repeats.append((index, first_at[key]))
            elif (refusal := _refuse(draft, chat.row, known)) is not None:
                self.results[index] = refusal
            elif (taken := _take(draft, files)) is None:
                self.results[index] = INVALID
            else:
                first_at[key] = index
                chat.lines.append(_next_line(index, draft, chat.row, taken, self.now))

    def store(self) -> None:
        """Write the numbered lines and announce them."""
        chats = [chat for chat in self.chats.values() if chat.lines]
        lines = [(chat, line) for chat in chats for line in chat.lines]
        if not lines:
            return
        for chat in chats:
            _hold(chat, self.now)
        pks = sql.store(
            [
                (
                    chat.row.pk,
                    line.seq,
                    line.visitor_seq,
                    line.draft.kind,
                    line.draft.author.kind,
                    line.draft.author.pk if line.draft.author.kind == "agent" else None,
                    line.draft.text,
                    line.draft.client_id,
                    json.dumps(line.draft.data),
                )
                for chat, line in lines
            ],
            [chat.row for chat in chats],
            ids=self.ids,
            now=self.now,
        )
        if claims := [
            (file.pk, pk) for pk, (_, line) in zip(pks, lines, strict=True) for file in line.files
        ]:
            sql.attach_files(claims)
        for pk, (_, line) in zip(pks, lines, strict=True):
            self.results[line.index] = Posted(line.draft, pk, line.seq, line.visitor_seq, self.now)
        for index, first in self.repeats:
            if isinstance(stored := self.results[first], Posted):
                self.results[index] = replace(stored, dup=True)
        publish(
            MessagesPosted(
                entry_ids=pks,
                from_agents=any(line.draft.author.kind == "agent" for _, line in lines),
                prepared=_deliveries(chats, self.now),
            )
        )
        for chat in chats:
            word = _first_word(chat)
            if chat.row.is_held and word is not None:
                hold(chat.row, begin=word.seq)
            elif chat.row.status in _WOKEN_BY_WORDS and word is not None:
                publish(ConversationWoke(conversation_id=chat.row.pk))
            if chat.row.has_ticket and any(line.draft.kind == MESSAGE for line in chat.lines):
                publish(TicketedWords(conversation_id=chat.row.pk))


def post_message(draft: Outgoing, *, now: datetime) -> Result:
    """Store one message, waiting for the conversation's row if it must."""
    return post_messages([draft], now=now, wait=True)[0]


def post_messages(drafts: Sequence[Outgoing], *, now: datetime, wait: bool = False) -> list[Result]:
    """Store many messages in one transaction; the result of each stands at its place.

    Unless `wait`, a conversation whose row somebody else has locked is left out: `BUSY`.
    """
    batch = _Batch(drafts, now)
    for index, draft in enumerate(drafts):
        if not _is_valid(draft):
            batch.results[index] = INVALID
    with transaction.atomic(), together():
        batch.number(wait=wait)
        batch.store()
    # Not among the locked rows: somebody else holds it, or there is no such conversation.
    absent = FORBIDDEN if wait or not sql.skips_locked() else BUSY
    return [result or absent for result in batch.results]


def _is_valid(draft: Outgoing) -> bool:
    return (
        is_sayable(draft.text, with_files=bool(draft.attachment_ids))
        and is_cid(draft.client_id)
        and len(draft.attachment_ids) <= ATTACHMENTS_MAX
        and (draft.kind == MESSAGE or (draft.kind == NOTE and draft.author.kind == "agent"))
        and (draft.kind == NOTE or not draft.is_whisper)
    )


def _key(draft: Outgoing) -> sql.Key:
    agent_id = draft.author.pk if draft.author.kind == "agent" else 0
    return draft.conversation, draft.author.kind, agent_id, draft.client_id


def _may_ask(author: Author, row: sql.Locked, known: sql.Known) -> bool:
    """Return whether the author may learn anything about the conversation at all."""
    if author.kind == "visitor":
        return row.visitor_id == author.pk
    return author.pk in known.active_agents


def _refuse(draft: Outgoing, row: sql.Locked, known: sql.Known) -> Refusal | None:
    if draft.author.kind == "visitor":
        return None if row.status in _OPEN_TO_VISITOR or row.is_reopenable else ENDED
    if not draft.may_see:
        return FORBIDDEN
    agent_id = draft.author.pk
    takes_part = row.assignee_id == agent_id or (row.public_id, agent_id) in known.joined
    is_note = draft.kind == NOTE
    if draft.is_whisper:
        if row.assignee_id in {None, agent_id} or not may_whisper(agent_id, row):
            return FORBIDDEN
    elif not takes_part and not may_write(agent_id, row, for_note=is_note):
        return FORBIDDEN
    is_open = row.status in Conversation.OPEN
    return None if is_open or (is_note and not draft.is_whisper) else ENDED


def _take(draft: Outgoing, files: dict[str, sql.File]) -> list[sql.File] | None:
    """Take the draft's files out of those nobody has sent yet; None when one isn't the author's."""
    if not draft.attachment_ids:
        return []
    owner = (draft.author.kind, draft.author.pk)
    names = draft.attachment_ids
    if len(set(names)) < len(names) or any(
        name not in files or files[name].owner != owner for name in names
    ):
        return None
    return [files.pop(name) for name in names]


def _next_line(
    index: int, draft: Outgoing, row: sql.Locked, files: list[sql.File], now: datetime
) -> _NewEntry:
    seq, visitor_seq = number_line(
        row,
        kind=draft.kind,
        author_kind=draft.author.kind,
        data=draft.data,
        text=draft.text,
        file_name=files[0].shape["name"] if files else "",
        now=now,
    )
    return _NewEntry(index, draft, seq, visitor_seq, files)


def _first_word(chat: _LockedChat) -> _NewEntry | None:
    return next((line for line in chat.lines if line.author_kind == "visitor"), None)


def _hold(chat: _LockedChat, now: datetime) -> None:
    """Hold a chat that nobody has for the rules that want to see its customer's words first."""
    row = chat.row
    if row.status not in _WITHOUT_AGENT or row.assignee_id is not None or _first_word(chat) is None:
        return
    # What waits for its customer does so because of a rule; in line there are many without any.
    is_in_line = row.status == Conversation.Status.QUEUED
    if not rule_hooks.holds(row.brand_id, "updated", from_memory=is_in_line):
        return
    row.is_held = True
    # Further words prolong nothing.
    until = sql.as_time(row.held_until) if row.held_until is not None else now
    row.held_until = until if until > now else now + timedelta(seconds=rule_hooks.HOLD_SECONDS)


def _deliveries(chats: Iterable[_LockedChat], now: datetime) -> list[Delivery]:
    """Build what both audiences hear, once for each."""
    at = wire_time(now)
    deliveries = []
    for chat in chats:
        row = chat.row
        shape = partial(_shape, row.public_id, at)
        deliveries += build_deliveries(row, chat.lines, shape, visitor_hash=row.visitor_hash)
    return deliveries


def _shape(public_id: str, at: str, line: _NewEntry, audience: Audience) -> dict[str, Any]:
    draft = line.draft
    return entry_json(
        audience=audience,
        public_id=public_id,
        seq=(line.visitor_seq or 0) if audience == "visitor" else line.seq,
        kind=draft.kind,
        author=draft.author.shape(),
        text=draft.text,
        attachments=[file.shape for file in line.files],
        data=draft.data,
        cid=draft.client_id,
        at=at,
    )
