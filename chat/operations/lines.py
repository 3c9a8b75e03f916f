"""What a line does to its conversation, and who hears of it.

The one rule for the hot path (`chat/posting`), for `append` and for the demo's past: they differ
only in how rows get into the database.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from chat.events.groups import thread_group, visitor_group
from chat.models import Conversation, Entry
from chat.models.kinds import KINDS
from chat.protocol import Audience, entries_content
from config.events import Delivery

PREVIEW_LENGTH = 140
_VISITOR, _AGENT = Entry.AuthorKind.VISITOR.value, Entry.AuthorKind.AGENT.value
_TEAM = Conversation.Kind.TEAM.value


class Timeline(Protocol):
    """A conversation whose row this transaction holds: the model, or a row of the hot path."""

    pk: int
    public_id: str
    kind: str
    last_seq: int
    last_visitor_seq: int
    preview: str
    preview_author: str
    last_message_at: Any
    unanswered_since: Any


class Numbered(Protocol):
    """A line that has its numbers."""

    @property
    def visitor_seq(self) -> int | None:
        """Return its number in the visitor's counter."""

    @property
    def author_kind(self) -> str:
        """Return which side it is from."""


def preview_of(text: str, file_name: str = "") -> str:
    """Return the list row's one line for a message."""
    return " ".join((text or file_name)[: PREVIEW_LENGTH * 2].split())[:PREVIEW_LENGTH]


def number_line(
    row: Timeline,
    *,
    kind: str,
    author_kind: str,
    data: Mapping[str, Any],
    text: str,
    file_name: str = "",
    now: datetime,
) -> tuple[int, int | None]:
    """Give a line its numbers in both counters, and change the conversation's list row by it.

    Words to the visitor are shown in the list. An agent's answer the visitor; what is said
    automatically answers nobody, and no line that isn't words changes what is unanswered.
    """
    rules = KINDS[kind]
    row.last_seq += 1
    visitor_seq = None
    if row.kind != _TEAM and rules.shows(data):
        visitor_seq = row.last_visitor_seq = row.last_visitor_seq + 1
    if rules.is_spoken and rules.visitor_sees:
        row.preview = preview_of(text, file_name)
        row.preview_author = author_kind
        row.last_message_at = now
        if author_kind == _VISITOR:
            row.unanswered_since = row.unanswered_since or now
        elif author_kind == _AGENT and not data.get("automatic"):
            row.unanswered_since = None
    return row.last_seq, visitor_seq


type Shape[LineT] = Callable[[LineT, Audience], dict[str, Any]]


def build_deliveries[LineT: Numbered](
    row: Timeline, lines: Sequence[LineT], shape: Shape[LineT], *, visitor_hash: str | None
) -> list[Delivery]:
    """Build what both audiences hear of new lines, once for each."""
    deliveries = []
    public = [line for line in lines if line.visitor_seq is not None]
    if visitor_hash and public:
        content = build_content("visitor", row, public, shape)
        deliveries.append(Delivery(visitor_group(visitor_hash), content))
    content = build_content("agent", row, lines, shape)
    deliveries.append(Delivery(thread_group(row.pk), content))
    return deliveries


def build_content[LineT: Numbered](
    audience: Audience, row: Timeline, lines: Sequence[LineT], shape: Shape[LineT]
) -> dict[str, Any]:
    """Build what one audience hears: whoever receives it has received the other side's words."""
    delivered = 0
    for line in lines:
        is_from_other = (line.author_kind == _VISITOR) is (audience == "agent")
        if is_from_other and line.visitor_seq is not None:
            delivered = line.visitor_seq
    shaped = [shape(line, audience) for line in lines]
    return entries_content(row.pk, row.public_id, shaped, delivered=delivered)
