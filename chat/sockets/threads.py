"""What sockets read of conversations: who may see them, where they stand, what is new in them."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from agents.access import Access
from agents.models import Brand, Topic
from chat.models import Conversation, Entry, Installation, Participation, Visitor
from chat.posting.messages import Author
from chat.protocol import BATCH_SIZE, RESUME_MAX, Audience, rows_frame
from chat.rights.visitors import chats_by_secret, own_chats
from chat.routing.shown import shown_availability, shown_form, shown_place
from chat.widget.sessions import VisitorSession
from config.wire import encode, event_frame
from tickets.models import Ticket

EPOCH_SECONDS = 5.0

# All that decides who may see a chat, besides roles. Only ever compared.
type Placement = tuple[Any, ...]


class Follow:
    """A conversation as one socket follows it."""

    __slots__ = (
        "busy",
        "checked_at",
        "dirty",
        "is_mine",
        "is_over",
        "is_watched",
        "pk",
        "placement",
        "public_id",
        "sent",
        "speaks",
        "visitor",
        "visitor_hash",
    )

    def __init__(self, pk: int, public_id: str, sent: int, visitor_hash: str = "") -> None:
        self.pk = pk
        self.public_id = public_id
        # The last number that went out; the next one that may is `sent + 1`.
        self.sent = sent
        self.visitor_hash = visitor_hash
        # Whether the visitor is here, as the agent was told last; nothing was said yet.
        self.visitor = "unknown"
        # Whether the agent's words in reply mode reach the visitor.
        self.speaks = False
        # Followed because it is assigned to the agent, not only because a screen shows it.
        self.is_mine = False
        # Followed because a screen shows it.
        self.is_watched = False
        # What decided, when last looked at, who may see it; None: not looked at yet.
        self.placement: Placement | None = None
        # Resolved: no more is said of its visitor.
        self.is_over = False
        self.checked_at = 0.0
        # Reading from the database now; something more came meanwhile.
        self.busy = False
        self.dirty = False

    @property
    def may_be_here(self) -> bool:
        """Return whether agents are told if its visitor is here."""
        return bool(self.visitor_hash) and not self.is_over


@dataclass(frozen=True)
class ThreadState:
    """A conversation that may be followed, and where it stands now."""

    pk: int
    public_id: str
    head: int
    visitor_hash: str
    speaks: bool
    is_mine: bool
    is_over: bool = False

    def follow(self, sent: int) -> Follow:
        """Return the following of it by a socket that has seen `sent`."""
        thread = Follow(self.pk, self.public_id, sent, self.visitor_hash)
        self.tell(thread)
        return thread

    def tell(self, thread: Follow) -> None:
        """Refresh what a following knows of the agent's part in it."""
        thread.speaks = self.speaks
        thread.is_mine = self.is_mine
        thread.is_over = self.is_over
        thread.checked_at = time.monotonic()


@dataclass(frozen=True)
class Missed:
    """Encoded frames that bring a socket up to `head`."""

    frames: list[str]
    head: int
    # The last number in the visitor's counter among them.
    delivered: int = 0


def visitor_threads(session: VisitorSession, public_ids: Collection[str]) -> list[ThreadState]:
    """Return the visitor's unresolved chats and those of `public_ids` that are theirs."""
    if session.visitor is None:
        return []
    rows = own_chats(session.visitor).filter(
        Q(brand=session.brand_id),
        ~Q(status=Conversation.Status.RESOLVED) | Q(public_id__in=public_ids),
    )
    return _own_states(session.secret_hash, rows)


def unresolved_threads(secret_hash: str) -> list[ThreadState]:
    """Return the unresolved chats of the visitor with this secret."""
    rows = chats_by_secret(secret_hash).exclude(status=Conversation.Status.RESOLVED)
    return _own_states(secret_hash, rows)


def _own_states(secret_hash: str, rows: QuerySet[Conversation]) -> list[ThreadState]:
    found = rows.values_list("pk", "public_id", "last_visitor_seq")
    return [
        ThreadState(pk, public_id, head, secret_hash, speaks=True, is_mine=True)
        # Oldest first: who misses more than one hello may take loads the newest anew.
        for pk, public_id, head in sorted(found)
    ]


def visitor_thread(secret_hash: str, public_id: str) -> ThreadState | None:
    """Return one chat of the visitor with this secret."""
    found = chats_by_secret(secret_hash).filter(public_id=public_id)
    row = found.values_list("pk", "last_visitor_seq").first()
    return ThreadState(row[0], public_id, row[1], secret_hash, True, True) if row else None


def agent_threads(access: Access, public_ids: Collection[str]) -> list[ThreadState]:
    """Return the agent's own unresolved chats and those of `public_ids` that are visible."""
    mine = Q(assignee=access.agent_id) & ~Q(status=Conversation.Status.RESOLVED)
    return _read_states(access, mine | Q(public_id__in=public_ids))


def threads_of(access: Access, pks: Collection[int]) -> dict[int, ThreadState]:
    """Return those of many chats that the agent may see."""
    return {state.pk: state for state in _read_states(access, Q(pk__in=pks))}


def agent_thread(access: Access, public_id: str) -> ThreadState | None:
    """Return one chat, if the agent may see it."""
    return next(iter(_read_states(access, Q(public_id=public_id))), None)


def _read_states(access: Access, which: Q) -> list[ThreadState]:
    joined = Participation.objects.taking_part(access.agent_id).filter(conversation=OuterRef("pk"))
    rows = (
        Conversation.objects.visible_to(access)
        .filter(which)
        .annotate(has_joined=Exists(joined))
        .values_list(
            "pk",
            "public_id",
            "last_seq",
            "visitor__secret_hash",
            "assignee",
            "has_joined",
            "status",
        )
    )
    return [
        ThreadState(
            pk,
            public_id,
            head,
            secret_hash or "",
            speaks=assignee == access.agent_id or has_joined,
            is_mine=assignee == access.agent_id and status != Conversation.Status.RESOLVED,
            is_over=status == Conversation.Status.RESOLVED,
        )
        for pk, public_id, head, secret_hash, assignee, has_joined, status in sorted(rows)
    ]


def missed(pk: int, public_id: str, audience: Audience, after: int) -> Missed:
    """Return what a socket that has seen `after` has missed; too much is a `resync`."""
    column = "last_visitor_seq" if audience == "visitor" else "last_seq"
    head = Conversation.objects.filter(pk=pk).values_list(column, flat=True).first() or 0
    if after > head or head - after > RESUME_MAX:
        return Missed([encode({"type": "resync", "conversation": public_id})], head)
    frames: list[str] = []
    delivered = 0
    while after < head:
        entries = entries_after(pk, audience, after, BATCH_SIZE)
        if not entries:
            break
        after = int(_number(entries[-1], audience) or 0)
        delivered = max([delivered, *(entry.visitor_seq or 0 for entry in entries)])
        head = max(head, after)
        more = after < head
        frames.append(rows_frame(public_id, entries, audience=audience, head=head, more=more))
    return Missed(frames, max(head, after), delivered)


def missed_by_agent(access: Access, thread: Follow) -> Missed | None:
    """Return what an agent's socket has missed; None when the chat may not be seen any more."""
    if agent_thread(access, thread.public_id) is None:
        return None
    return missed(thread.pk, thread.public_id, "agent", thread.sent)


def visitor_author(secret_hash: str) -> Author | None:
    """Return the visitor with this secret as an author, once there is a row."""
    visitor = Visitor.objects.filter(secret_hash=secret_hash).first()
    return Author.of_visitor(visitor) if visitor is not None else None


def entries_after(pk: int, audience: Audience, after: int, limit: int) -> list[Entry]:
    """Return up to `limit` entries after a number, as the audience counts, ready for the wire."""
    number = "visitor_seq" if audience == "visitor" else "seq"
    entries = Entry.objects.filter(conversation=pk, **{f"{number}__gt": after})
    return list(entries.for_wire().order_by(number)[:limit])


def _number(entry: Entry, audience: Audience) -> int | None:
    return entry.visitor_seq if audience == "visitor" else entry.seq


def read_outlook(brand_id: int, secret_hash: str) -> list[str]:
    """Return encoded events: what a visitor of the brand can expect, and the place of whoever has
    this secret ("" for nobody) in line."""
    now = timezone.now()
    events = []
    if brand := Brand.objects.filter(pk=brand_id).first():
        expects = shown_availability(brand, now=now)
        events.append(event_frame("availability.changed", expects.as_json()))
    queued = Conversation.objects.filter(
        visitor__secret_hash=secret_hash, status=Conversation.Status.QUEUED
    )
    for chat in queued if secret_hash else ():
        position, eta = shown_place(chat, now=now)
        place = {"conversation": chat.public_id, "position": position, "eta": eta}
        place |= {"form": shown_form(chat)}
        events.append(event_frame("queue.position", place))
    return [encode(event) for event in events]


def read_heads(pks: Collection[int]) -> Mapping[int, tuple[int, int]]:
    """Return both counters of many conversations, in one query."""
    rows = Conversation.objects.filter(pk__in=pks)
    return {
        pk: (seq, visitor_seq)
        for pk, seq, visitor_seq in rows.values_list("pk", "last_seq", "last_visitor_seq")
    }


def ticket_heads(pks: Collection[int]) -> Mapping[int, int]:
    """Return the newest lines of many tickets, in one query."""
    return dict(Ticket.objects.filter(pk__in=pks).values_list("pk", "last_seq"))


def read_placements(pks: Collection[int]) -> dict[int, Placement]:
    """Return what decides who may see each of many chats, in three queries."""
    joined = _grouped(
        Participation.objects.taking_part()
        .filter(conversation__in=pks)
        .values_list("conversation", "agent")
    )
    rows = list(
        Conversation.objects.filter(pk__in=pks).values_list(
            "pk", "assignee", "status", "brand", "brand__default_team", "team", "topic"
        )
    )
    topics = {row[-1] for row in rows} - {None}
    teams = _grouped(
        Topic.teams.through.objects.filter(topic__in=topics).values_list("topic", "team")
    )
    return {pk: (*rest, topic, teams.get(topic), joined.get(pk)) for pk, *rest, topic in rows}


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int | None, set[int]]:
    found: dict[int | None, set[int]] = defaultdict(set)
    for key, value in pairs:
        found[key].add(value)
    return found


_epoch: tuple[float, UUID] | None = None


def epoch() -> UUID:
    """Return the database's own identity; asked again every few seconds."""
    global _epoch
    now = time.monotonic()
    if _epoch is None or now - _epoch[0] > EPOCH_SECONDS:
        installation: Any = Installation.objects.order_by("pk").first()
        if installation is None:
            installation, _ = Installation.objects.get_or_create(pk=1)
        _epoch = (now, installation.epoch)
    return _epoch[1]
