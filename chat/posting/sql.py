"""The rows of the hot path, in SQL that both databases speak: one statement per step.

The ORM would do the same work in more statements and several times the CPU. `messages.py` calls
them; a chat's first words and offline messages are stored by `append` in
`chat/operations/entries.py`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chat.models import Attachment
from chat.protocol import attachment_json
from config.database.postgres import database, planned_cursor

# Conversation (its opaque id), kind of author, agent (0: the visitor), client id.
type Key = tuple[str, str, int, str]


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
    has_ticket: bool
    visitor_hash: str | None
    brand_id: int
    held_until: Any
    # Whether this transaction holds it for rules.
    is_held: bool = False


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
    # Conversation (its opaque id) and agent.
    joined: set[tuple[str, int]] = field(default_factory=set)
    # Keys for new entries, where the database gives them out beforehand.
    ids: list[int] = field(default_factory=list)


class File(NamedTuple):
    """An uploaded file that no message has taken yet."""

    pk: int
    owner: tuple[str, int | None]
    shape: dict[str, Any]


# Up to so many rows are sent value by value.
FEW = 4


def skips_locked() -> bool:
    """Return whether a row held by somebody else is left out instead of waited for."""
    features = database().features
    return bool(features.has_select_for_update_skip_locked)


def _table(types: str, rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """Return rows as a table with the columns `column1`, `column2` …, and its parameters.

    Many rows go to PostgreSQL as one array a column: each number of rows would be another statement
    to parse and plan. Few go one by one: an array costs psycopg more time than ten values.
    """
    names = types.split()
    if database().vendor != "postgresql":
        marks = f"({','.join(['%s'] * len(names))})"
    elif len(rows) > FEW:
        arrays = ", ".join(f"%s::{name}[]" for name in names)
        columns = ", ".join(f"column{number}" for number in range(1, len(names) + 1))
        values: list[Any] = [list(column) for column in zip(*rows, strict=True)]
        return f"unnest({arrays}) AS k({columns})", values
    else:
        marks = f"({','.join(f'%s::{name}' for name in names)})"
    values = [value for row in rows for value in row]
    return f"(VALUES {','.join([marks] * len(rows))}) AS k", values


_LOCK = """
SELECT c.id, c.public_id, c.kind, c.status, c.visitor_id, c.assignee_id,
       c.last_seq, c.last_visitor_seq, c.preview, c.preview_author,
       c.last_message_at, c.unanswered_since,
       c.status = 'resolved' AND COALESCE(c.ended_at, c.resolved_at) > %s,
       c.ticket_id IS NOT NULL, v.secret_hash, c.brand_id, c.held_until
FROM chat_conversation c LEFT JOIN chat_visitor v ON v.id = c.visitor_id
WHERE c.public_id IN (SELECT column1 FROM {table}) ORDER BY c.id"""


_EARLIER = """
SELECT '{kind}', c.public_id, COALESCE(e.agent_id, 0), e.client_id,
       e.id, e.seq, e.visitor_seq, e.created_at
FROM {table} JOIN chat_conversation c ON c.public_id = k.column1
{entries}"""
_SAME = """
e.conversation_id = c.id AND e.client_id = k.column2{same}
AND e.author_kind = '{kind}' AND e.client_id IS NOT NULL"""
# Conversation first, whatever the planner thinks of a table it has not analysed yet: it would
# rather read the whole index for each client id.
_LATERAL = "CROSS JOIN LATERAL (SELECT * FROM chat_entry e WHERE {same} OFFSET 0) e"
_JOIN = "JOIN chat_entry e ON {same}"
_ACTIVE = """
SELECT 'active', '', a.id, '', a.id, 0, 0, CURRENT_TIMESTAMP
FROM {table} JOIN agents_agent a ON a.id = k.column1 WHERE a.is_active"""
# As `Participation.objects.taking_part`.
_JOINED = """
SELECT 'joined', c.public_id, p.agent_id, '', p.id, 0, 0, CURRENT_TIMESTAMP
FROM {table} JOIN chat_conversation c ON c.public_id = k.column1
JOIN chat_participation p ON p.conversation_id = c.id AND p.agent_id = k.column2
WHERE p.joined_at IS NOT NULL AND p.left_at IS NULL"""
_IDS = """
SELECT 'id', '', 0, '', nextval(pg_get_serial_sequence('chat_entry', 'id')), 0, 0,
       CURRENT_TIMESTAMP
FROM {table}"""


def lock_and_look_up(
    keys: Sequence[Key], *, reopen_since: datetime, wait: bool
) -> tuple[list[Locked], Known]:
    """Lock conversations in order of their keys and say what is known about authors and repeats.

    Without `wait`, what others hold is left out. Two statements, and the second sees everything
    that was committed before the first got its locks.
    """
    table, lock_params = _table("text", [(public_id,) for public_id in {key[0] for key in keys}])
    lock_sql = _LOCK.format(table=table)
    here = database()
    if here.features.has_select_for_update:
        # Not `FOR UPDATE`: the foreign keys of other inserts must pass.
        lock_sql += " FOR NO KEY UPDATE OF c" + ("" if wait else " SKIP LOCKED")
    since = here.ops.adapt_datetimefield_value(reopen_since)
    with planned_cursor() as locking, planned_cursor() as looking:
        locking.execute(lock_sql, [since, *lock_params])
        looking.execute(*_questions(keys))
        return [Locked(*row) for row in locking.fetchall()], _known(looking.fetchall())


def _questions(keys: Sequence[Key]) -> tuple[str, list[Any]]:
    parts: list[str] = []
    params: list[Any] = []
    is_postgres = database().vendor == "postgresql"
    entries = _LATERAL if is_postgres else _JOIN

    def earlier(kind: str, same: str = "") -> dict[str, str]:
        return {"kind": kind, "entries": entries.format(same=_SAME.format(kind=kind, same=same))}

    def ask(sql: str, types: str, rows: Sequence[Sequence[Any]], **words: str) -> None:
        table, values = _table(types, rows)
        parts.append(sql.format(table=table, **words))
        params.extend(values)

    if visitors := [key for key in keys if key[1] == "visitor"]:
        pairs = [(key[0], key[3]) for key in visitors]
        ask(_EARLIER, "text text", pairs, **earlier("visitor"))
    if agents := [key for key in keys if key[1] == "agent"]:
        same = " AND e.agent_id = k.column3"
        triples = [(key[0], key[3], key[2]) for key in agents]
        ask(_EARLIER, "text text bigint", triples, **earlier("agent", same))
        ask(_ACTIVE, "bigint", [(pk,) for pk in {key[2] for key in agents}])
        ask(_JOINED, "text bigint", list({(key[0], key[2]) for key in agents}))
    if is_postgres:
        # So that nobody waits for the insert's answer.
        ask(_IDS, "int", [(number,) for number in range(len(keys))])
    return " UNION ALL ".join(parts), params


def _known(answers: Iterable[tuple[Any, ...]]) -> Known:
    known = Known()
    for what, public_id, author, client_id, pk, seq, visitor_seq, at in answers:
        if what == "active":
            known.active_agents.add(author)
        elif what == "joined":
            known.joined.add((public_id, author))
        elif what == "id":
            known.ids.append(pk)
        else:
            earlier = Earlier(pk, seq, visitor_seq, as_time(at))
            known.entries[public_id, what, author, client_id] = earlier
    return known


def as_time(value: Any) -> datetime:
    """Return a moment as the database handed it out."""
    # SQLite hands text to a query that Django didn't build.
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_INSERT = """
INSERT INTO chat_entry (conversation_id, seq, visitor_seq, kind, author_kind, agent_id, body,
                        client_id, data, created_at{id})
SELECT k.column1, k.column2, k.column3, k.column4, k.column5, k.column6, k.column7, k.column8,
       {data}, %s{value}
FROM {table} WHERE true"""


def store(
    entries: Sequence[tuple[Any, ...]],
    locked: Sequence[Locked],
    *,
    ids: Sequence[int],
    now: datetime,
) -> list[int]:
    """Store entries and what they change in their conversations; return the entries' keys.

    An entry: conversation, two numbers, kind, author's kind, agent, text, client id, data as JSON.
    `ids` are the keys to use, if the database gave any.
    """
    at = database().ops.adapt_datetimefield_value(now)
    types = "bigint int int text text bigint text text text"
    counters, moved = _counters(locked)
    with planned_cursor() as cursor:
        if ids:
            pks = list(ids[: len(entries)])
            rows = [(*entry, pk) for entry, pk in zip(entries, pks, strict=True)]
            table, params = _table(f"{types} bigint", rows)
            words = {"id": ", id", "value": ", k.column10", "data": "k.column9::jsonb"}
            insert = _INSERT.format(table=table, **words)
            cursor.execute(f"WITH moved AS ({counters}) {insert}", [*moved, at, *params])
        else:
            table, params = _table(types, entries)
            sql = _INSERT.format(table=table, id="", value="", data="k.column9")
            cursor.execute(f"{sql} RETURNING conversation_id, seq, id", [at, *params])
            made = {(conversation, seq): pk for conversation, seq, pk in cursor.fetchall()}
            pks = [made[entry[0], entry[1]] for entry in entries]
            cursor.execute(counters, moved)
    return pks


_COUNTERS = """
UPDATE chat_conversation AS c
SET last_seq = k.column2, last_visitor_seq = k.column3, preview = k.column4,
    preview_author = k.column5, last_message_at = k.column6, unanswered_since = k.column7{held}
FROM {table} WHERE c.id = k.column1"""


def _counters(locked: Sequence[Locked]) -> tuple[str, list[Any]]:
    """Return the statement that writes back what the new lines changed in their conversations."""
    rows = [
        (
            row.pk,
            row.last_seq,
            row.last_visitor_seq,
            row.preview,
            row.preview_author,
            _moment(row.last_message_at),
            _moment(row.unanswered_since),
        )
        for row in locked
    ]
    types = "bigint int int text text timestamptz timestamptz"
    if not any(row.is_held for row in locked):
        table, params = _table(types, rows)
        return _COUNTERS.format(table=table, held=""), params
    held = [_moment(row.held_until) if row.is_held else None for row in locked]
    both = [(*row, until) for row, until in zip(rows, held, strict=True)]
    table, params = _table(f"{types} timestamptz", both)
    until = ", held_until = COALESCE(k.column8, c.held_until)"
    return _COUNTERS.format(table=table, held=until), params


def _moment(value: Any) -> Any:
    # On SQLite a moment that was only read is text already.
    return database().ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def lock_files(names: Collection[str]) -> dict[str, File]:
    """Lock uploads that no message has taken; names that aren't there are left out."""
    if not names:
        return {}
    found = (
        Attachment.objects.select_for_update(no_key=True, of=("self",))
        .filter(file__public_id__in=names, entry=None)
        .order_by("pk")
    )
    return {
        file.public_id: File(
            file.pk,
            ("visitor", file.visitor_id) if file.visitor_id else ("agent", file.file.uploader_id),
            attachment_json(file),
        )
        for file in found
    }


_ATTACH = """
UPDATE chat_attachment AS a SET entry_id = k.column2 FROM {table} WHERE a.id = k.column1"""


def attach_files(claims: Sequence[tuple[int, int]]) -> None:
    """Bind files to entries; each claim is a file's key and an entry's."""
    table, params = _table("bigint bigint", claims)
    with planned_cursor() as cursor:
        cursor.execute(_ATTACH.format(table=table), params)
