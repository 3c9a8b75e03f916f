"""The rows of the hot path, in SQL that both databases speak: one statement per step.

The ORM would do the same work in more statements and several times the CPU.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

from chat.models import Attachment
from chat.protocol import attachment_json

# Conversation, kind of author, agent (0: the visitor), client id.
type Key = tuple[int, str, int, str]


@dataclass(slots=True)
class Locked:
    """A conversation's row, held by this transaction."""

    pk: int
    public_id: str
    kind: str
    status: str
    visitor_id: int | None
    assignee_id: int | None
    last_seq: int
    last_visitor_seq: int
    preview: str
    preview_author: str
    last_message_at: Any
    unanswered_since: Any
    is_reopenable: bool
    visitor_hash: str | None


class Earlier(NamedTuple):
    """The entry that a client id stored before."""

    pk: int
    seq: int
    visitor_seq: int | None
    at: datetime


@dataclass(slots=True)
class Known:
    """What the database says about authors and client ids."""

    entries: dict[Key, Earlier] = field(default_factory=dict)
    active_agents: set[int] = field(default_factory=set)
    # Conversation and agent.
    joined: set[tuple[int, int]] = field(default_factory=set)


class File(NamedTuple):
    """An uploaded file that no message has taken yet."""

    pk: int
    owner: tuple[str, int | None]
    shape: dict[str, Any]


def skips_locked() -> bool:
    """Return whether a row held by somebody else is left out instead of waited for."""
    return connection.features.has_select_for_update_skip_locked


def _marks(rows: int, columns: int) -> str:
    return ",".join([f"({','.join(['%s'] * columns)})"] * rows)


_LOCK = """
SELECT c.id, c.public_id, c.kind, c.status, c.visitor_id, c.assignee_id,
       c.last_seq, c.last_visitor_seq, c.preview, c.preview_author,
       c.last_message_at, c.unanswered_since,
       c.status = 'resolved' AND COALESCE(c.ended_at, c.resolved_at) > %s, v.secret_hash
FROM chat_conversation c LEFT JOIN chat_visitor v ON v.id = c.visitor_id
WHERE c.public_id IN ({marks}) ORDER BY c.id"""


def lock(public_ids: Collection[str], *, reopen_since: datetime, wait: bool) -> list[Locked]:
    """Lock conversations in order of their keys; without `wait` leave out what others hold."""
    sql = _LOCK.format(marks=",".join(["%s"] * len(public_ids)))
    if connection.features.has_select_for_update:
        # Not `FOR UPDATE`: the foreign keys of other inserts must pass.
        sql += " FOR NO KEY UPDATE OF c" + ("" if wait else " SKIP LOCKED")
    with connection.cursor() as cursor:
        since = connection.ops.adapt_datetimefield_value(reopen_since)
        cursor.execute(sql, [since, *public_ids])
        return [Locked(*row) for row in cursor.fetchall()]


_EARLIER = """
SELECT '{kind}', e.conversation_id, COALESCE(e.agent_id, 0), e.client_id,
       e.id, e.seq, e.visitor_seq, e.created_at
FROM (VALUES {marks}) AS k JOIN chat_entry e
  ON e.conversation_id = k.column1 AND e.client_id = k.column2{same}
WHERE e.author_kind = '{kind}' AND e.client_id IS NOT NULL"""
_ACTIVE = """
SELECT 'active', a.id, a.id, '', a.id, 0, 0, {now}
FROM agents_agent a WHERE a.is_active AND a.id IN ({marks})"""
_JOINED = """
SELECT 'joined', p.conversation_id, p.agent_id, '', p.id, 0, 0, {now}
FROM (VALUES {marks}) AS j JOIN chat_participation p
  ON p.conversation_id = j.column1 AND p.agent_id = j.column2
WHERE p.joined_at IS NOT NULL AND p.left_at IS NULL"""


def look_up(keys: Iterable[Key]) -> Known:
    """Find repeated client ids, active agents and joined agents in one statement."""
    parts: list[str] = []
    params: list[Any] = []
    keys = list(keys)
    if visitors := [key for key in keys if key[1] == "visitor"]:
        parts.append(_EARLIER.format(kind="visitor", marks=_marks(len(visitors), 2), same=""))
        params += [value for key in visitors for value in (key[0], key[3])]
    if agents := [key for key in keys if key[1] == "agent"]:
        people = {key[2] for key in agents}
        pairs = {(key[0], key[2]) for key in agents}
        parts += [
            _EARLIER.format(
                kind="agent", marks=_marks(len(agents), 3), same=" AND e.agent_id = k.column3"
            ),
            _ACTIVE.format(now="CURRENT_TIMESTAMP", marks=",".join(["%s"] * len(people))),
            _JOINED.format(now="CURRENT_TIMESTAMP", marks=_marks(len(pairs), 2)),
        ]
        params += [value for key in agents for value in (key[0], key[3], key[2])]
        params += [*people, *(value for pair in pairs for value in pair)]
    known = Known()
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        for what, conversation, author, client_id, pk, seq, visitor_seq, at in cursor.fetchall():
            if what == "active":
                known.active_agents.add(author)
            elif what == "joined":
                known.joined.add((conversation, author))
            else:
                earlier = Earlier(pk, seq, visitor_seq, _as_time(at))
                known.entries[conversation, what, author, client_id] = earlier
    return known


def _as_time(value: Any) -> datetime:
    # SQLite hands text to a query that Django didn't build.
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_INSERT = """
INSERT INTO chat_entry (conversation_id, seq, visitor_seq, kind, author_kind, agent_id, body,
                        client_id, data, created_at)
VALUES {marks} RETURNING id"""


def insert_entries(entries: Sequence[tuple[Any, ...]], *, now: datetime) -> list[int]:
    """Store entries (conversation, two numbers, kind, author's kind, agent, text, client id)."""
    one = "(" + "%s," * 8 + "'{}',%s)"
    at = connection.ops.adapt_datetimefield_value(now)
    params = [value for entry in entries for value in (*entry, at)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(marks=",".join([one] * len(entries))), params)
        return [pk for (pk,) in cursor.fetchall()]


_COUNTERS = """
UPDATE chat_conversation AS c
SET last_seq = n.column2, last_visitor_seq = n.column3, preview = n.column4,
    preview_author = n.column5, last_message_at = {last}, unanswered_since = {unanswered}
FROM (VALUES {marks}) AS n WHERE c.id = n.column1"""


def move_counters(locked: Sequence[Locked]) -> None:
    """Write back what the new lines changed, for all conversations at once."""
    last, unanswered = "n.column6", "n.column7"
    if connection.vendor == "postgresql":
        # A list of nothing but NULLs has no type of its own.
        last, unanswered = f"{last}::timestamptz", f"{unanswered}::timestamptz"
    sql = _COUNTERS.format(marks=_marks(len(locked), 7), last=last, unanswered=unanswered)
    params: list[Any] = []
    for row in locked:
        params += [
            row.pk,
            row.last_seq,
            row.last_visitor_seq,
            row.preview,
            row.preview_author,
            _moment(row.last_message_at),
            _moment(row.unanswered_since),
        ]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _moment(value: Any) -> Any:
    # On SQLite a moment that was only read is text already.
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def lock_files(names: Collection[str]) -> dict[str, File]:
    """Lock uploads that no message has taken; names that aren't there are left out."""
    if not names:
        return {}
    found = (
        Attachment.objects.select_for_update(no_key=True)
        .filter(public_id__in=names, entry=None)
        .order_by("pk")
    )
    return {
        file.public_id: File(
            file.pk,
            ("visitor", file.visitor_id) if file.visitor_id else ("agent", file.agent_id),
            attachment_json(file),
        )
        for file in found
    }


_ATTACH = """
UPDATE chat_attachment AS a SET entry_id = n.column2
FROM (VALUES {marks}) AS n WHERE a.id = n.column1"""


def attach_files(claims: Sequence[tuple[int, int]]) -> None:
    """Bind files to entries; each claim is a file's key and an entry's."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ATTACH.format(marks=_marks(len(claims), 2)),
            [value for claim in claims for value in claim],
        )
