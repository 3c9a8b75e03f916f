"""What the lines of a timeline say of their chat, read without looking at its row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat.models import Conversation, Entry
from chat.models.kinds import KINDS
from chat.operations.lines import preview_of


@dataclass
class Told:
    """A chat as its lines tell it."""

    status: str = ""
    assignee: str | None = None
    topic: str | None = None
    team: str | None = None
    is_at_head: bool = False
    holds_slot: bool = False
    outcome: str = ""
    ticket: int | None = None
    rings_at: str | None = None
    queued_at: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    resolved_at: datetime | None = None
    last_seq: int = 0
    last_visitor_seq: int = 0
    preview: str = ""
    unanswered_since: datetime | None = None


def told_by(lines: list[Entry]) -> Told:
    """Replay a timeline; every line must continue where the one before it left off."""
    chat = Told()
    for number, line in enumerate(lines, start=1):
        assert line.seq == number
        assert set(line.data) <= set(KINDS[line.kind].data), (line.kind, line.data)
        assert KINDS[line.kind].shows(line.data) is (line.visitor_seq is not None)
        step = _STEPS.get(line.kind)
        if step is not None:
            step(chat, line, line.data)
    public = [line.visitor_seq for line in lines if line.visitor_seq is not None]
    assert public == list(range(1, len(public) + 1))
    chat.last_seq, chat.last_visitor_seq = len(lines), len(public)
    return chat


def row_as_told(row: Conversation) -> Told:
    """Return what the row of a chat says of the same."""
    ringing = row.offers.filter(result="open").select_related("agent").first()
    return Told(
        status=row.status,
        assignee=row.assignee.public_id if row.assignee else None,
        topic=str(row.topic_id) if row.topic_id else None,
        team=str(row.team_id) if row.team_id else None,
        is_at_head=row.priority == Conversation.HEAD,
        holds_slot=row.holds_slot,
        outcome=row.outcome,
        ticket=row.ticket_id,
        rings_at=ringing.agent.public_id if ringing else None,
        queued_at=row.queued_at,
        accepted_at=row.accepted_at,
        ended_at=row.ended_at,
        resolved_at=row.resolved_at,
        last_seq=row.last_seq,
        last_visitor_seq=row.last_visitor_seq,
        preview=row.preview,
        unanswered_since=row.unanswered_since,
    )


type _Data = dict[str, Any]


def _started(chat: Told, line: Entry, data: _Data) -> None:
    chat.topic = data.get("topic_id")


def _said(chat: Told, line: Entry, data: _Data) -> None:
    chat.preview = preview_of(line.body)
    if line.author_kind == "visitor":
        chat.unanswered_since = chat.unanswered_since or line.created_at
    elif line.author_kind == "agent":
        chat.unanswered_since = None


def _queued(chat: Told, line: Entry, data: _Data) -> None:
    assert data.get("from_id") == chat.assignee
    chat.status, chat.assignee, chat.holds_slot = "queued", None, False
    chat.queued_at = chat.queued_at or line.created_at
    chat.is_at_head = data.get("at_head", False)


def _offered(chat: Told, line: Entry, data: _Data) -> None:
    if "result" in data:
        assert chat.rings_at == data["to_id"]
        chat.rings_at = None
        answered = line.agent.public_id if line.agent else None
        assert answered == (data["to_id"] if data["result"] in {"accepted", "declined"} else None)
    else:
        assert chat.rings_at is None
        chat.rings_at = data["to_id"]


def _gets(chat: Told, line: Entry, data: _Data) -> None:
    assert data["from_id"] == chat.assignee
    chat.status, chat.assignee, chat.holds_slot = "active", data["to_id"], True
    chat.accepted_at = chat.accepted_at or line.created_at
    chat.is_at_head = False


def _assigned(chat: Told, line: Entry, data: _Data) -> None:
    if "because" in data:
        assert data["from_id"] == data["to_id"]
        was_at_head = chat.is_at_head
        _gets(chat, line, data)
        chat.is_at_head = was_at_head


def _transferred(chat: Told, line: Entry, data: _Data) -> None:
    assert data["from_id"] == chat.assignee


def _ended(chat: Told, line: Entry, data: _Data) -> None:
    chat.status, chat.ended_at = "wrap_up", line.created_at


def _resolved(chat: Told, line: Entry, data: _Data) -> None:
    assert data.get("topic_id") == chat.topic
    assert data["because"] in {"left", "closed", "timed_out", "nobody"}
    chat.status, chat.outcome, chat.holds_slot = "resolved", data["outcome"], False
    chat.resolved_at = line.created_at
    # Left for e-mail: it never ended otherwise.
    chat.ended_at = line.created_at if data["because"] == "nobody" else chat.ended_at


def _reopened(chat: Told, line: Entry, data: _Data) -> None:
    assert data["from"] == chat.status
    chat.outcome, chat.ended_at, chat.resolved_at = "", None, None
    if data["to"] == "queued":
        chat.queued_at = chat.accepted_at = None


def _status(chat: Told, line: Entry, data: _Data) -> None:
    assert data["from"] == chat.status
    if data.get("slot") == "freed":
        assert chat.holds_slot
        assert data["agent_id"] == chat.assignee
        chat.holds_slot = False
    elif data["to"] == "waiting":
        chat.holds_slot = False
    chat.status = data["to"]


def _field(chat: Told, line: Entry, data: _Data) -> None:
    if data["name"] == "outcome":
        assert data["from"] == chat.outcome != data["to"]
        chat.outcome = data["to"]
        return
    assert data["name"] in {"topic", "team"}
    assert data["from_id"] == getattr(chat, data["name"])
    assert data["from_id"] != data["to_id"]
    setattr(chat, data["name"], data["to_id"])


def _converted(chat: Told, line: Entry, data: _Data) -> None:
    chat.ticket = data["number"]


_STEPS = {
    "started": _started,
    "message": _said,
    "queued": _queued,
    "offered": _offered,
    "accepted": _gets,
    "assigned": _assigned,
    "transferred": _transferred,
    "ended": _ended,
    "resolved": _resolved,
    "reopened": _reopened,
    "status": _status,
    "field": _field,
    "converted": _converted,
}
