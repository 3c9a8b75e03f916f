"""The same facts as plainly as can be: each asked of the raw lines for itself, however slowly."""

from collections import defaultdict
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from agents.models import Agent
from chat.models import Entry
from tickets.models import Entry as TicketLine
from tickets.models import Ticket

BEGIN = {"accepted", "assigned"}
NOT_HELD = {"queued", "ended", "resolved", "reopened"}


def stays_of(lines: list[Entry]) -> list[dict[str, Any]]:
    """Cut the lines where the chat was reopened, and ask each piece."""
    cuts = [0, *(n for n, line in enumerate(lines) if line.kind == "reopened" and n), len(lines)]
    found = [_stay(lines[a:b], lines[b:]) for a, b in pairwise(cuts) if a < b]
    for number, stay in enumerate(found):
        stay["was_answered"] = any(each["first_reply_at"] for each in found[number:])
    return found


def _first(lines: list[Entry], test: Any) -> Any:
    return next((line.created_at for line in lines if test(line)), None)


def _last(lines: list[Entry], kind: str) -> Entry | None:
    return next((line for line in reversed(lines) if line.kind == kind), None)


def _between(since: Any, until: Any) -> float | None:
    if since is None or until is None:
        return None
    return max(0.0, (until - since).total_seconds())


def _begins(line: Entry) -> bool:
    if line.kind == "assigned":
        return bool(line.data.get("because"))
    return line.kind == "accepted"


def _ends_stint(line: Entry) -> bool:
    return line.kind in NOT_HELD or _begins(line) or line.data.get("to") == "waiting"


def _is_reply(line: Entry) -> bool:
    return line.kind == "message" and line.author_kind == "agent" and not line.data.get("automatic")


def _reply_gaps(lines: list[Entry]) -> list[tuple[Any, ...]]:
    """Each word of a person, and how long the first of the visitor's unanswered ones had stood."""
    found = []
    for number, line in enumerate(lines):
        if not _is_reply(line):
            continue
        last = max((n for n in range(number) if _is_reply(lines[n])), default=-1)
        asked = _first(lines[last + 1 : number], _is_visitors)
        found.append((line.agent_id, line.created_at, _between(asked, line.created_at)))
    return found


def _is_visitors(line: Entry) -> bool:
    return line.kind == "message" and line.author_kind == "visitor"


def _parked(lines: list[Entry], end: Any) -> list[tuple[Any, Any]]:
    """From when to when a rule had it wait: up to the next line that gives it to anybody."""
    found, open_since = [], None
    for line in lines:
        if line.data.get("to") == "waiting" and not line.data.get("because"):
            open_since = open_since or line.created_at
        elif (line.kind == "queued" or _begins(line)) and open_since is not None:
            found.append((open_since, line.created_at))
            open_since = None
    return [*found, (open_since, end)] if open_since is not None and end else found


def _without(since: Any, until: Any, parked: list[tuple[Any, Any]]) -> float | None:
    whole = _between(since, until)
    if whole is None:
        return None
    out = sum(_between(max(since, a), max(since, min(b, until))) or 0.0 for a, b in parked)
    return max(0.0, whole - out)


def _engaged(lines: list[Entry]) -> float | None:
    said = [line for line in lines if _is_visitors(line) or _is_reply(line)]
    gaps = [
        ((b.created_at - a.created_at).total_seconds(), 240 if _is_visitors(b) else 600)
        for a, b in pairwise(said)
    ]
    return sum(gap for gap, most in gaps if gap <= most) + 0.0 if gaps else None


def _dropped(lines: list[Entry], accepted: Any) -> bool:
    end = next((n for n, line in enumerate(lines) if line.kind in {"ended", "resolved"}), None)
    if end is None or accepted is None or accepted > lines[end].created_at:
        return False
    before = lines[:end]
    last = max((n for n, line in enumerate(before) if _is_reply(line)), default=-1)
    open_words = [line.created_at for line in before[last + 1 :] if _is_visitors(line)]
    if not open_words or _between(open_words[0], lines[end].created_at) < 60:
        return False
    by_visitor = lines[end].kind == "ended" and lines[end].data.get("by") == "visitor"
    return not (by_visitor and _between(open_words[-1], lines[end].created_at) < 60)


def _stay(lines: list[Entry], after: list[Entry]) -> dict[str, Any]:
    started, by_agent = lines[0].created_at, lines[0].author_kind == "agent"
    # What is passed on stands in line for others; its visitor's wait was over.
    taken = next((n for n, line in enumerate(lines) if _begins(line)), len(lines))
    queued = _first(lines[:taken], lambda line: line.kind == "queued")
    accepted = _first(lines, _begins)
    replied = _first(lines, _is_reply)
    ended = _last(lines, "ended")
    resolved = _last(lines, "resolved")
    over = ended or resolved
    rated = _last(lines, "rated")
    since = queued
    if queued is None:
        wrote = _first(lines, lambda line: line.kind == "message" and line.author_kind == "visitor")
        since = wrote if by_agent else started
    response = _between(since, replied)
    if queued is None and response is not None and replied < since:
        response = None
    end = over.created_at if over else None
    parked = _parked(lines, end)
    return {
        "reopened_at": after[0].created_at if after else None,
        "engaged": _engaged(lines),
        "was_dropped": _dropped(lines, accepted),
        "words": _reply_gaps(lines),
        "wait_left": None if replied else _without(queued, end, parked),
        "started_at": started,
        "queued_at": queued,
        "accepted_at": accepted,
        "first_reply_at": replied,
        "ended_at": over.created_at if over else None,
        "resolved_at": resolved.created_at if resolved else None,
        "outcome": _outcome(lines),
        "score": rated.data["score"] if rated else None,
        "wait": _without(queued, accepted, parked),
        "first_response": response,
        "reaction": _between(accepted, replied),
        "session_duration": _between(accepted, over.created_at if over else None),
        "stints": _stints(lines, after),
        "missed_offers": [
            (_agent(line.data["to_id"]), line.created_at)
            for line in lines
            if line.kind == "offered" and line.data.get("result") == "missed"
        ],
    }


def _outcome(lines: list[Entry]) -> str:
    resolved = _last(lines, "resolved")
    if resolved is None:
        return ""
    later = [line for line in lines if line.seq > resolved.seq]
    told = [line.data["to"] for line in later if line.data.get("name") == "outcome"]
    return [resolved.data["outcome"], *told][-1]


def _agent(public_id: str) -> int | None:
    found = Agent.objects.filter(public_id=public_id).first()
    return found.pk if found else None


def _stints(lines: list[Entry], after: list[Entry]) -> list[tuple[Any, ...]]:
    found = []
    spam = _outcome(lines) == "spam"
    for number, line in enumerate(lines):
        if not _begins(line):
            continue
        agent = _agent(line.data["to_id"])
        rest = [*lines[number + 1 :], *after]
        end = next((one for one in rest if _ends_stint(one)), None)
        answered = any(_is_reply(one) and one.agent_id == agent for one in lines)
        acw = None
        if end is not None and end.kind == "ended":
            acw = None if spam else _acw(end, [one for one in rest if one.seq > end.seq])
        talk = _between(line.created_at, end.created_at if end else None)
        found.append((agent, line.created_at, talk, acw, answered))
    return found


def _acw(ended: Entry, rest: list[Entry]) -> float | None:
    stops = ("resolved", "reopened")
    stop = next((one for one in rest if one.kind in stops or one.data.get("slot") == "freed"), None)
    return min(300.0, _between(ended.created_at, stop.created_at)) if stop else None


# The hours of every brand whose open time is asked for: Monday to Friday, nine to six.
OPEN_DAYS = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
_ISTANBUL = ZoneInfo("Europe/Istanbul")


def _open(since: Any, until: Any) -> float | None:
    if since is None or until is None:
        return None
    spent, day = 0.0, since.astimezone(_ISTANBUL).date()
    while day <= until.astimezone(_ISTANBUL).date():
        if day.weekday() < 5:
            opens, closes = (datetime.combine(day, time(hour), _ISTANBUL) for hour in (9, 18))
            spent += max(0.0, (min(until, closes) - max(since, opens)).total_seconds())
        day += timedelta(days=1)
    return spent


def ticket_of(ticket: Ticket, lines: list[TicketLine]) -> dict[str, Any]:
    """Ask the lines of a ticket for each thing on its own."""
    moves = [line for line in lines if line.kind == "status"]
    replies = [
        line.created_at
        for line in lines
        if line.kind == "message" and line.author_kind == "agent" and line.chat_id is None
    ]
    resolved = [line.created_at for line in moves if line.data["to"] == "resolved"]
    reopened = [
        line.created_at
        for line in moves
        if line.data["from"] in {"resolved", "closed"}
        and line.data["to"] not in {"resolved", "closed"}
    ]
    first, last = (resolved[0], resolved[-1]) if resolved else (None, None)
    # From each change of status to the next it was what the first made it.
    since = [ticket.created_at, *(line.created_at for line in moves)]
    spent: dict[str, float] = defaultdict(float)
    spent_open: dict[str, float] = defaultdict(float)
    for begun, line in zip(since, moves, strict=False):
        spent[line.data["from"]] += (line.created_at - begun).total_seconds()
        spent_open[line.data["from"]] += _open(begun, line.created_at) or 0
    requesters = ("new", "open", "on_hold")
    replied = replies[0] if replies else None
    is_done = ticket.status in {"resolved", "closed"}
    is_net = ticket.is_safety_net and ticket.status == "resolved" and ticket.assignee is None
    same = ("brand_id", "topic_id", "team_id", "assignee_id", "type", "status", "priority")
    return {
        "is_counted": not ticket.is_spam and not is_net,
        **{name: getattr(ticket, name) for name in (*same, "source", "created_at")},
        "first_reply_at": replied,
        "first_resolved_at": first,
        "last_resolved_at": last,
        "first_reopened_at": reopened[0] if reopened else None,
        "first_reply": _between(ticket.created_at, replied),
        "first_resolution": _between(ticket.created_at, first),
        "resolution": _between(ticket.created_at, last),
        "requester_wait": sum(spent[name] for name in requesters) if is_done else None,
        "agent_wait": spent["waiting"] if is_done else None,
        "first_reply_open": _open(ticket.created_at, replied),
        "first_resolution_open": _open(ticket.created_at, first),
        "resolution_open": _open(ticket.created_at, last),
        "requester_wait_open": sum(spent_open[name] for name in requesters) if is_done else None,
        "agent_wait_open": spent_open["waiting"] if is_done else None,
    }
