"""Past chats of the demo: the same rows that the operations would have left, written in bulk."""

import hashlib
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agents.models import Agent, Brand, Channel, Status, StatusInterval, Tag, Topic
from chat.demo.texts import Dialogue, Person
from chat.models import Conversation, ConversationTag, Entry, Participation, Visitor
from chat.operations.changes import name_agent, name_topic
from chat.operations.lines import number_line
from config.text.folding import fold

ISTANBUL = ZoneInfo("Europe/Istanbul")
DAYS = 28
# Online and back from the break, in hours of the day; no chat runs into their ends.
MORNING, BREAK, AFTERNOON, EVENING = 9.0, 12.5, 13.25, 18.0


@dataclass(kw_only=True)
class StagedChat:
    """A chat and its timeline while it is written."""

    chat: Conversation
    entries: list[Entry] = field(default_factory=list)
    tags: Sequence[str] = ()

    def add(
        self,
        kind: str,
        at: datetime,
        *,
        by: str = Entry.AuthorKind.SYSTEM,
        agent: Agent | None = None,
        body: str = "",
        data: dict[str, Any] | None = None,
    ) -> None:
        """Append an entry with the next numbers of both audiences."""
        chat, data = self.chat, data or {}
        seq, visitor_seq = number_line(
            chat, kind=kind, author_kind=by, data=data, text=body, now=at
        )
        self.entries.append(
            Entry(
                conversation=chat,
                seq=seq,
                visitor_seq=visitor_seq,
                kind=kind,
                author_kind=by,
                agent=agent,
                body=body,
                data=data,
                created_at=at,
            )
        )


def workdays(now: datetime) -> list[datetime]:
    """Return the midnights of the past working days, oldest first; today has no history."""
    today = now.astimezone(ISTANBUL).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    return [day for day in days if day.weekday() < 5]


def status_history(
    agent: Agent, days: Sequence[datetime], *, reason_id: int, capacity: int
) -> list[StatusInterval]:
    """Return the agent's intervals without a gap; the last one, Offline, is still open."""
    turns: list[tuple[datetime, str, int | None]] = [(agent.created_at, Status.OFFLINE, None)]
    for day in days:
        for hour, status in (
            (MORNING, Status.ONLINE),
            (BREAK, Status.BREAK),
            (AFTERNOON, Status.ONLINE),
            (EVENING, Status.OFFLINE),
        ):
            reason = reason_id if status == Status.BREAK else None
            turns.append((day + timedelta(hours=hour), status, reason))
    ends = [at for at, _, _ in turns[1:]] + [None]
    return [
        StatusInterval(
            agent=agent,
            status=status,
            reason_id=reason,
            started_at=at,
            ended_at=end,
            capacity=capacity,
            actor=agent,
        )
        for (at, status, reason), end in zip(turns, ends, strict=True)
    ]


def moment(day: datetime, rng: random.Random) -> datetime:
    """Return a time on `day` at which everybody is Online and stays so for half an hour."""
    start, end = rng.choice([(MORNING + 0.1, BREAK - 0.6), (AFTERNOON + 0.1, EVENING - 0.6)])
    return day + timedelta(seconds=int(rng.uniform(start, end) * 3600))


def make_visitor(person: Person, brand: Brand, page: dict[str, str], at: datetime) -> Visitor:
    """Return an unsaved visitor whose secret nobody holds."""
    return Visitor(
        brand=brand,
        secret_hash=hashlib.sha256(secrets.token_bytes(32)).hexdigest(),
        name=person.name,
        email=person.email,
        language=brand.default_language,
        page=page,
        device=person.device,
        created_at=at,
        seen_at=at,
    )


def begin(visitor: Visitor, topic: Topic, text: str, at: datetime) -> StagedChat:
    """Return a chat that entered the queue with its first message."""
    brand = visitor.brand
    fields = {"name": visitor.name, **({"email": visitor.email} if visitor.email else {})}
    chat = Conversation(
        brand=brand,
        visitor=visitor,
        channel=Channel.WEB,
        language=visitor.language,
        topic=topic,
        chosen_topic=topic,
        status=Conversation.Status.RESOLVED,
        fields=fields,
        page=visitor.page,
        created_at=at,
        is_demo=True,
    )
    thread = StagedChat(chat=chat)
    thread.add(Entry.Kind.STARTED, at, by=Entry.AuthorKind.VISITOR, data=name_topic(chat))
    thread.add(Entry.Kind.MESSAGE, at, by=Entry.AuthorKind.VISITOR, body=text)
    return thread


def handle_chat(
    visitor: Visitor, topic: Topic, dialogue: Dialogue, agent: Agent, rng: random.Random
) -> StagedChat:
    """Return a chat that was queued, accepted, answered, ended and resolved."""
    at = visitor.created_at
    thread = begin(visitor, topic, dialogue.lines[0][1], at)
    chat = thread.chat
    chat.queued_at = at
    thread.add(Entry.Kind.QUEUED, at)
    # Most are taken soon, a few wait long.
    at += timedelta(seconds=2 + min(75, int(rng.expovariate(1 / 10))))
    chat.accepted_at, chat.assignee = at, agent
    mine: dict[str, Any] = {"by": Entry.AuthorKind.AGENT, "agent": agent}
    theirs: dict[str, Any] = {"by": Entry.AuthorKind.VISITOR}
    sides = {**name_agent("from", None), **name_agent("to", agent)}
    thread.add(Entry.Kind.ACCEPTED, at, **mine, data={"automatic": True, **sides})
    for number, (side, text) in enumerate(dialogue.lines[1:]):
        pause = rng.randint(14, 40) + len(text) // 2 if number else rng.randint(4, 12)
        at += timedelta(seconds=pause)
        thread.add(Entry.Kind.MESSAGE, at, **(mine if side == "a" else theirs), body=text)
    thread.tags = dialogue.tags
    for tag in dialogue.tags:
        thread.add(Entry.Kind.TAGGED, at, **mine, data={"added": tag})
    at += timedelta(seconds=rng.randint(20, 90))
    chat.ended_at = at
    by_visitor = rng.random() < 0.5
    thread.add(
        Entry.Kind.ENDED,
        at,
        **(theirs if by_visitor else mine),
        data={
            "by": "visitor" if by_visitor else "agent",
            "because": "left" if by_visitor else "closed",
        },
    )
    if dialogue.note:
        at += timedelta(seconds=rng.randint(10, 40))
        thread.add(Entry.Kind.NOTE, at, **mine, body=dialogue.note)
    if dialogue.score:
        at += timedelta(seconds=rng.randint(5, 30))
        chat.rating = dialogue.score
        thread.add(
            Entry.Kind.RATED,
            at,
            **theirs,
            data={"score": dialogue.score, "comment": dialogue.comment},
        )
    at += timedelta(seconds=rng.randint(10, 120))
    because = "left" if by_visitor else "closed"
    resolve(thread, at, outcome=Conversation.Outcome.ANSWERED, because=because, agent=agent)
    return thread


def abandoned(visitor: Visitor, topic: Topic, text: str, rng: random.Random) -> StagedChat:
    """Return a chat whose visitor left the queue."""
    thread = begin(visitor, topic, text, visitor.created_at)
    chat = thread.chat
    chat.queued_at = visitor.created_at
    thread.add(Entry.Kind.QUEUED, visitor.created_at)
    at = visitor.created_at + timedelta(seconds=rng.randint(40, 240))
    chat.ended_at = at
    thread.add(
        Entry.Kind.ENDED, at, by=Entry.AuthorKind.VISITOR, data={"by": "visitor", "because": "left"}
    )
    resolve(thread, at, outcome=Conversation.Outcome.ABANDONED, because="left", agent=None)
    return thread


def resolve(
    thread: StagedChat, at: datetime, *, outcome: str, because: str, agent: Agent | None
) -> None:
    """Put the chat in the archive; everything in it has been received and read."""
    chat = thread.chat
    chat.outcome, chat.resolved_at, chat.resolved_by = outcome, at, agent
    data = {"outcome": str(outcome), "because": because, **name_topic(chat)}
    by = Entry.AuthorKind.AGENT if agent else Entry.AuthorKind.SYSTEM
    thread.add(Entry.Kind.RESOLVED, at, by=by, agent=agent, data=data)
    chat.visitor_read_seq = chat.visitor_delivered_seq = chat.last_visitor_seq
    if agent:
        chat.agents_read_seq = chat.agents_delivered_seq = chat.last_visitor_seq


def save(threads: Sequence[StagedChat]) -> None:
    """Store chats whose visitors are stored, with their timelines and read marks."""
    Conversation.objects.bulk_create([thread.chat for thread in threads])
    tags = {
        name: Tag.objects.get_or_create(
            folded=fold(name), defaults={"name": name, "is_demo": True}
        )[0]
        for name in dict.fromkeys(name for thread in threads for name in thread.tags)
    }
    entries = []
    for thread in threads:
        for entry in thread.entries:
            entry.conversation = thread.chat
            if name := entry.data.get("added"):
                entry.data["added_id"] = str(tags[name].pk)
            entries.append(entry)
    Entry.objects.bulk_create(entries, batch_size=500)
    ConversationTag.objects.bulk_create(
        ConversationTag(conversation=thread.chat, tag=tags[name])
        for thread in threads
        for name in thread.tags
    )
    Participation.objects.bulk_create(
        Participation(
            conversation=thread.chat, agent=thread.chat.assignee, read_seq=thread.chat.last_seq
        )
        for thread in threads
        if thread.chat.assignee
    )
