"""Agents' time: what they were doing and how many chats they had, swept once for each agent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from agents.access import Access
from agents.models import Status, StatusInterval
from chat.models import Conversation
from reports.definitions import Figure, Unit
from reports.filters import Filters
from reports.people import people_of

# Of one agent in one stretch: seconds, counts and moments, by the part's name.
type Parts = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A stretch in one status, in seconds of the clock."""

    status: str
    reason: int | None
    since: float
    until: float
    capacity: int
    # Another status began here; else it is the part of a longer one, or of a new limit.
    is_change: bool = False


@dataclass(frozen=True, kw_only=True)
class Session:
    """An agent had a chat from `since` to `until`, and its slot up to `freed`."""

    since: float
    until: float
    freed: float


_CLOSE, _FREE, _TURN, _OPEN = range(4)


def sweep(turns: Sequence[Turn], sessions: Iterable[Session], cuts: Sequence[float]) -> list[Parts]:
    """Return the parts of one agent's time between each cut and the next.

    `turns` don't overlap; what lies outside the cuts counts nowhere.
    """
    events: list[tuple[float, int, int]] = []
    for number, turn in enumerate(turns):
        events += [(turn.since, _TURN, number), (turn.until, _TURN, -1)]
    for each in sessions:
        if each.freed > each.since:
            events += [(each.since, _OPEN, 0), (each.until, _CLOSE, 0), (each.freed, _FREE, 0)]
    events.sort()
    clock = _Clock(turns, cuts)
    for moment, what, number in events:
        if moment >= cuts[-1]:
            break
        clock.advance(moment)
        clock.note(what, number)
    clock.advance(cuts[-1])
    return clock.cells


class _Clock:
    """Goes through one agent's time, from cut to cut."""

    def __init__(self, turns: Sequence[Turn], cuts: Sequence[float]) -> None:
        self.cells: list[Parts] = [defaultdict(float) for _ in cuts[1:]]
        self._turns, self._cuts = turns, cuts
        # Before the first cut nothing is counted.
        self._place, self._at = -1, cuts[0]
        self._turn: Turn | None = None
        self._chats = self._slots = 0

    def advance(self, to: float) -> None:
        """Spend the time up to `to`."""
        if to < self._cuts[0]:
            return
        if self._place < 0:
            self._place = 0
        while self._at < to:
            until = min(to, self._cuts[self._place + 1])
            self._spend(until - self._at)
            self._at = until
            if until == self._cuts[self._place + 1] and self._place + 1 < len(self.cells):
                self._place += 1

    def note(self, what: int, number: int) -> None:
        """Take in what happened."""
        if what == _TURN:
            self._turn = self._turns[number] if number >= 0 else None
            if self._turn is not None and self._place >= 0:
                _begin(self.cells[self._place], self._turn)
        elif what == _OPEN:
            self._chats += 1
            self._slots += 1
        elif what == _CLOSE:
            self._chats -= 1
        else:
            self._slots -= 1

    def _spend(self, seconds: float) -> None:
        cell, turn = self.cells[self._place], self._turn
        if self._chats:
            cell["open"] += seconds * self._chats
            cell["busy"] += seconds
            cell["most"] = max(cell["most"], self._chats)
        if turn is None:
            return
        cell[turn.status] += seconds
        if turn.reason is not None:
            cell[f"break_{turn.reason}"] += seconds
        if turn.status == Status.ONLINE:
            cell.setdefault("first_in", self._at)
            cell["offered"] += seconds * turn.capacity
            cell["used"] += seconds * self._slots
            cell["occupied"] += seconds if self._slots else 0
        elif self._chats and turn.status != Status.OFFLINE:
            cell["away"] += seconds


def _begin(cell: Parts, turn: Turn) -> None:
    if turn.status != Status.OFFLINE:
        cell.pop("last_out", None)
    elif turn.is_change:
        cell["last_out"] = turn.since
    if turn.is_change:
        cell["changes"] += 1


def joined(many: Iterable[Parts]) -> Parts:
    """Return the parts of several agents or stretches as those of one."""
    whole: Parts = defaultdict(float)
    for parts in many:
        for name, value in parts.items():
            match name:
                case "most" | "last_out":
                    whole[name] = max(whole.get(name, value), value)
                case "first_in":
                    whole[name] = min(whole.get(name, value), value)
                case _:
                    whole[name] += value
    return whole


def value_of(figure: Figure, parts: Parts, zone: ZoneInfo) -> Any:
    """Return what a figure says of parts."""
    value = parts.get(figure.part)
    if figure.over_part:
        over = parts.get(figure.over_part)
        return (value or 0) / over if over else None
    match figure.unit:
        case Unit.MOMENT:
            return datetime.fromtimestamp(value, zone) if value else None
        case Unit.COUNT:
            return int(value or 0)
    return round(value or 0.0, 6)


def cuts_of(filters: Filters, *, by_day: bool, now: datetime) -> tuple[list[float], list[date]]:
    """Return where stretches begin and the last ends, not after now, and their days."""
    end = min(filters.until, max(now, filters.since + timedelta(microseconds=1)))
    days, cuts = [filters.first], [filters.since.timestamp()]
    if by_day:
        for number in range(1, (filters.last - filters.first).days + 1):
            day = filters.first + timedelta(days=number)
            midnight = datetime.combine(day, time.min, filters.zone)
            if midnight >= end:
                break
            days.append(day)
            cuts.append(midnight.timestamp())
    return [*cuts, end.timestamp()], days


def read_work(
    stints: QuerySet[Any], filters: Filters, access: Access, *, by_day: bool, now: datetime
) -> dict[int, dict[date, Parts]]:
    """Return the parts of each agent's time by day, or under the first day for the whole range.

    `stints`: the stretches with chats that count, as filtered and for these eyes.
    """
    cuts, days = cuts_of(filters, by_day=by_day, now=now)
    people = people_of(filters, access)
    turns, sessions = read_turns(people, filters, now=now), _sessions(stints, people, filters, now)
    found = {}
    for agent_id in people:
        parts = sweep(turns.get(agent_id, []), sessions.get(agent_id, []), cuts)
        if any(parts):
            found[agent_id] = dict(zip(days, parts, strict=True))
    return found


def intervals_in(people: Iterable[int], filters: Filters) -> QuerySet[StatusInterval]:
    """Return the intervals of these agents of which any part lies in the range."""
    return StatusInterval.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=filters.since),
        agent__in=list(people),
        started_at__lt=filters.until,
    )


def read_turns(people: Iterable[int], filters: Filters, *, now: datetime) -> Mapping[int, Any]:
    """Return the turns of each agent, whole, in order."""
    found: dict[int, list[Turn]] = defaultdict(list)
    before: tuple[int, str, int | None] | None = None
    # What ended as the range began says whether the next is another status.
    rows = StatusInterval.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=filters.since),
        agent__in=list(people),
        started_at__lt=filters.until,
    ).order_by("agent", "started_at", "pk")
    for agent_id, status, reason, since, until, capacity in rows.values_list(
        "agent_id", "status", "reason_id", "started_at", "ended_at", "capacity"
    ):
        same = before is not None and before[0] == agent_id
        found[agent_id].append(
            Turn(
                status=status,
                reason=reason,
                since=since.timestamp(),
                until=max(since, until or now).timestamp(),
                capacity=capacity,
                is_change=same and before != (agent_id, status, reason),
            )
        )
        before = (agent_id, status, reason)
    return found


def overlapping(stints: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    """Keep stretches of which any part, the wrap-up included, may lie in the range."""
    cap = timedelta(seconds=settings.IMECE["WRAP_UP_SECONDS"])
    return stints.filter(
        Q(ended_at=None) | Q(ended_at__gt=filters.since - cap), started_at__lt=filters.until
    )


def _sessions(
    stints: QuerySet[Any], people: Iterable[int], filters: Filters, now: datetime
) -> Mapping[int, list[Session]]:
    cap = settings.IMECE["WRAP_UP_SECONDS"]
    since, until = filters.since.timestamp(), min(now, filters.until).timestamp()
    found: dict[int, list[Session]] = defaultdict(list)
    rows = overlapping(stints, filters).filter(agent__in=list(people))
    for agent_id, start, end, acw, over, resolved, outcome in rows.values_list(
        "agent_id",
        "started_at",
        "ended_at",
        "acw",
        "stay__ended_at",
        "stay__resolved_at",
        "stay__outcome",
    ).iterator(chunk_size=5000):
        begins = max(since, start.timestamp())
        ends = max(begins, min(until, (end or now).timestamp()))
        freed = ends
        if end is not None:
            is_wrapping = over == end and resolved is None and outcome != Conversation.Outcome.SPAM
            wrap_up = acw if acw is not None else cap if is_wrapping else 0.0
            freed = max(ends, min(until, end.timestamp() + wrap_up))
        if freed > begins:
            found[agent_id].append(Session(since=begins, until=ends, freed=freed))
    return found
