"""How far each side has read, and how far its screens have received; marks carry no time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, transaction

from agents.events import agent_group
from agents.models import Agent
from chat.events.groups import thread_group, visitor_group
from chat.events.words import MarksMoved
from chat.models import Conversation, Participation, Visitor
from chat.posting.sql import skips_locked
from config.events import Delivery, publish
from config.wire import event_frame, frames_content


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one side of one chat has come; 0: nothing to say about it.

    `read` is in the counter of the side; `delivered` always in the visitor's.
    """

    conversation: int
    # None: the visitor's side.
    agent: int | None
    read: int = 0
    delivered: int = 0


class _Row(NamedTuple):
    pk: int
    public_id: str
    visitor_hash: str | None
    last_seq: int
    last_visitor_seq: int
    visitor_read: int
    visitor_delivered: int
    agents_read: int
    agents_delivered: int
    assignee: int | None


def mark_read(*, conversation: Conversation, by: Agent | Visitor, seq: int) -> None:
    """Note that `by` has read up to `seq` in their own counter; never goes back."""
    agent = by.pk if isinstance(by, Agent) else None
    move_marks(marks=[Mark(conversation.pk, agent, read=seq)], wait=True)


def mark_delivered(*, conversation: Conversation, by: Agent | Visitor, seq: int) -> None:
    """Note that a screen of `by` received up to `seq` of the visitor's counter."""
    agent = by.pk if isinstance(by, Agent) else None
    move_marks(marks=[Mark(conversation.pk, agent, delivered=seq)], wait=True)


@transaction.atomic
def move_marks(*, marks: Sequence[Mark], wait: bool = False) -> list[Mark]:
    """Move many marks forward and tell both sides; return those whose chat somebody else holds."""
    rows = {row.pk: row for row in _lock({mark.conversation for mark in marks}, wait=wait)}
    held = [] if wait or not skips_locked() else [m for m in marks if m.conversation not in rows]
    marks = [mark for mark in marks if mark.conversation in rows]
    if not marks:
        return held
    numbers = _translate(marks, rows)
    joined = _joined(marks, rows)
    moved: dict[int, _Row] = {}
    for mark in marks:
        row = moved.get(mark.conversation, rows[mark.conversation])
        delivered = min(mark.delivered, row.last_visitor_seq)
        if mark.agent is None:
            read = min(mark.read, row.last_visitor_seq)
            row = row._replace(
                visitor_read=max(row.visitor_read, read),
                visitor_delivered=max(row.visitor_delivered, delivered, read),
            )
        elif mark.agent == row.assignee or (mark.conversation, mark.agent) in joined:
            read = numbers.get((mark.conversation, "visitor", min(mark.read, row.last_seq)), 0)
            row = row._replace(
                agents_read=max(row.agents_read, read),
                agents_delivered=max(row.agents_delivered, delivered, read),
            )
        moved[mark.conversation] = row
    changed = [row for pk, row in moved.items() if row != rows[pk]]
    if changed:
        _update(changed)
        for row in changed:
            heard = _deliveries(rows[row.pk], row, numbers)
            if row.agents_read != rows[row.pk].agents_read:
                heard += _to_readers(row, marks)
            publish(MarksMoved(conversation_id=row.pk, prepared=heard))
    _participations(
        {
            (mark.conversation, mark.agent): min(mark.read, rows[mark.conversation].last_seq)
            for mark in sorted(marks, key=lambda mark: mark.read)
            if mark.agent is not None and mark.read
        }
    )
    return held


_LOCK = """
SELECT c.id, c.public_id, v.secret_hash, c.last_seq, c.last_visitor_seq, c.visitor_read_seq,
       c.visitor_delivered_seq, c.agents_read_seq, c.agents_delivered_seq, c.assignee_id
FROM chat_conversation c LEFT JOIN chat_visitor v ON v.id = c.visitor_id
WHERE c.id IN ({marks}) ORDER BY c.id"""


def _marks(rows: int, columns: int) -> str:
    return ",".join([f"({','.join(['%s'] * columns)})"] * rows)


def _lock(pks: set[int], *, wait: bool) -> list[_Row]:
    sql = _LOCK.format(marks=",".join(["%s"] * len(pks)))
    if connection.features.has_select_for_update:
        sql += " FOR NO KEY UPDATE OF c" + ("" if wait else " SKIP LOCKED")
    with connection.cursor() as cursor:
        cursor.execute(sql, [*pks])
        return [_Row(*row) for row in cursor.fetchall()]


def _joined(marks: Sequence[Mark], rows: dict[int, _Row]) -> set[tuple[int, int]]:
    """Return who of those that don't have the chat takes part in it; the visitor is not to notice
    who only looks."""
    others = [mark for mark in marks if mark.agent not in {None, rows[mark.conversation].assignee}]
    if not others:
        return set()
    found = Participation.objects.taking_part().filter(
        conversation__in={mark.conversation for mark in others},
        agent__in={mark.agent for mark in others},
    )
    return set(found.values_list("conversation_id", "agent_id"))


# The nearest number of the visitor's counter at or below one of the agents' counter, and back.
_TO_VISITOR = """
SELECT k.column1, 'visitor', k.column2,
       (SELECT e.visitor_seq FROM chat_entry e
        WHERE e.conversation_id = k.column1 AND e.seq <= k.column2 AND e.visitor_seq IS NOT NULL
        ORDER BY e.seq DESC LIMIT 1)
FROM (VALUES {marks}) AS k"""
_TO_AGENTS = """
SELECT e.conversation_id, 'agents', e.visitor_seq, e.seq
FROM (VALUES {marks}) AS k JOIN chat_entry e
  ON e.conversation_id = k.column1 AND e.visitor_seq = k.column2
WHERE e.visitor_seq IS NOT NULL"""

# Conversation, which counter the answer is in, the number asked.
type _Numbers = dict[tuple[int, str, int], int]


def _translate(marks: Sequence[Mark], rows: dict[int, _Row]) -> _Numbers:
    """Translate the marks' numbers into the other counter, in one statement."""
    to_visitor, to_agents = set(), set()
    for mark in marks:
        row = rows[mark.conversation]
        if mark.agent is not None and mark.read:
            to_visitor.add((row.pk, min(mark.read, row.last_seq)))
        for seq in (mark.delivered, mark.read if mark.agent is None else 0):
            if seq:
                to_agents.add((row.pk, min(seq, row.last_visitor_seq)))
    parts, params = [], []
    for sql, pairs in ((_TO_VISITOR, to_visitor), (_TO_AGENTS, to_agents)):
        if pairs:
            parts.append(sql.format(marks=_marks(len(pairs), 2)))
            params += [value for pair in pairs for value in pair]
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return {
            (pk, counter, asked): answer or 0 for pk, counter, asked, answer in cursor.fetchall()
        }


_UPDATE = """
UPDATE chat_conversation AS c
SET visitor_read_seq = n.column2, visitor_delivered_seq = n.column3,
    agents_read_seq = n.column4, agents_delivered_seq = n.column5
FROM (VALUES {marks}) AS n WHERE c.id = n.column1"""


def _update(rows: Sequence[_Row]) -> None:
    params = [
        value
        for row in rows
        for value in (
            row.pk,
            row.visitor_read,
            row.visitor_delivered,
            row.agents_read,
            row.agents_delivered,
        )
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE.format(marks=_marks(len(rows), 5)), params)


_PARTICIPATIONS = """
INSERT INTO chat_participation (conversation_id, agent_id, read_seq, draft, draft_mode)
VALUES {marks}
ON CONFLICT (conversation_id, agent_id) DO UPDATE SET read_seq = excluded.read_seq
WHERE excluded.read_seq > chat_participation.read_seq"""


def _participations(read: dict[tuple[int, int | None], int]) -> None:
    if not read:
        return
    one = "(%s,%s,%s,'','reply')"
    params: list[Any] = [value for pair, seq in read.items() for value in (*pair, seq)]
    with connection.cursor() as cursor:
        cursor.execute(_PARTICIPATIONS.format(marks=",".join([one] * len(read))), params)


def _deliveries(before: _Row, after: _Row, numbers: _Numbers) -> list[Delivery]:
    """Return who hears of it; each number in the counter of the one who hears it."""
    to_visitor, to_agents = [], []
    for name, field, side in (
        ("conversation.read", "visitor_read", "visitor"),
        ("conversation.delivered", "visitor_delivered", "visitor"),
        ("conversation.read", "agents_read", "agent"),
        ("conversation.delivered", "agents_delivered", "agent"),
    ):
        seq = getattr(after, field)
        if seq == getattr(before, field):
            continue
        data = {"conversation": after.public_id, "seq": seq, "by": side}
        # One's own other tabs want to know what was read, not what was delivered.
        if side == "agent" or name == "conversation.read":
            to_visitor.append(event_frame(name, data))
        there = numbers.get((after.pk, "agents", seq))
        if there is not None and side == "visitor":
            to_agents.append(event_frame(name, data | {"seq": there}))
    deliveries = []
    if after.visitor_hash and to_visitor:
        deliveries.append(Delivery(visitor_group(after.visitor_hash), frames_content(*to_visitor)))
    if to_agents:
        deliveries.append(Delivery(thread_group(after.pk), frames_content(*to_agents)))
    return deliveries


def _to_readers(row: _Row, marks: Sequence[Mark]) -> list[Delivery]:
    """Return what the other tabs of agents who have read hear, in their own counter."""
    return [
        Delivery(
            agent_group(mark.agent),
            frames_content(
                event_frame(
                    "conversation.read",
                    {
                        "conversation": row.public_id,
                        "seq": min(mark.read, row.last_seq),
                        "by": "agent",
                    },
                )
            ),
        )
        for mark in marks
        if mark.conversation == row.pk and mark.agent is not None and mark.read
    ]
