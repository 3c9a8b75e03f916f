"""What the lines of one chat say of its stays: pure, and of nothing but the lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from chat.models import Entry

_Kind = Entry.Kind
_AGENT, _VISITOR = Entry.AuthorKind.AGENT, Entry.AuthorKind.VISITOR


class Line(Protocol):
    """What is read of a line."""

    kind: str
    author_kind: str
    data: Mapping[str, Any]
    created_at: datetime

    @property
    def agent_id(self) -> int | None:
        """Return the author when it is an agent."""


@dataclass(kw_only=True)
class Stint:
    """An agent had the chat from here to there."""

    agent_id: int | None
    started_at: datetime
    ended_at: datetime | None = None
    acw: float | None = None

    @property
    def talk(self) -> float | None:
        """Return how long, in seconds."""
        return _seconds(self.started_at, self.ended_at)


@dataclass(kw_only=True)
class Stay:
    """A chat from its start, or from when it was reopened."""

    number: int
    started_at: datetime
    started_by: str
    queued_at: datetime | None = None
    accepted_at: datetime | None = None
    first_reply_at: datetime | None = None
    first_reply_by: int | None = None
    visitor_wrote_at: datetime | None = None
    ended_at: datetime | None = None
    resolved_at: datetime | None = None
    outcome: str = ""
    because: str = ""
    score: int | None = None
    rated_at: datetime | None = None
    messages: int = 0
    stints: list[Stint] = field(default_factory=list)
    missed_offers: list[tuple[int | None, datetime]] = field(default_factory=list)
    # How many words each agent said to the visitor, in the order of their last ones.
    words: dict[int, int] = field(default_factory=dict)

    @property
    def wait(self) -> float | None:
        """Return how long the visitor stood in line until somebody had the chat."""
        return _seconds(self.queued_at, self.accepted_at)

    @property
    def first_response(self) -> float | None:
        """Return how long the visitor waited for a person's first words.

        Where an agent began it, from the visitor's own first words; none where there are none.
        """
        since = self.queued_at
        if since is None:
            since = self.visitor_wrote_at if self.started_by == _AGENT else self.started_at
        if since is None or self.first_reply_at is None or self.first_reply_at < since:
            return 0.0 if since and self.first_reply_at and self.queued_at else None
        return _seconds(since, self.first_reply_at)

    @property
    def reaction(self) -> float | None:
        """Return how long it took from having the chat to the first words."""
        return _seconds(self.accepted_at, self.first_reply_at)

    @property
    def session_duration(self) -> float | None:
        """Return how long it lasted from when somebody had it."""
        return _seconds(self.accepted_at, self.ended_at)

    @property
    def wait_left(self) -> float | None:
        """Return how long one who stood in line and heard nobody stayed."""
        return None if self.first_reply_at else _seconds(self.queued_at, self.ended_at)

    @property
    def agent_id(self) -> int | None:
        """Return who had it last."""
        return self.stints[-1].agent_id if self.stints else None

    @property
    def rated_agent(self) -> int | None:
        """Return whom a rating is about: who said most, of two alike who said the last of it."""
        best: int | None = None
        for agent, count in self.words.items():
            if best is None or count >= self.words[best]:
                best = agent
        return best


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    # Clocks of processes differ: nothing lasts less than nothing.
    if since is None or until is None:
        return None
    return max(0.0, (until - since).total_seconds())


def read_stays(
    lines: Iterable[Line], *, agent_ids: Mapping[str, int], wrap_up_cap: int
) -> list[Stay]:
    """Return the stays that the lines of one chat tell of, in order.

    `agent_ids`: keys of agents by the public ids that lines name. `wrap_up_cap`: in seconds.
    """
    reader = _Reader(agent_ids, wrap_up_cap)
    for line in lines:
        reader.take(line)
    return reader.stays


class _Reader:
    def __init__(self, agent_ids: Mapping[str, int], wrap_up_cap: int) -> None:
        self.stays: list[Stay] = []
        self._agents = agent_ids
        self._cap = timedelta(seconds=wrap_up_cap)
        self._stint: Stint | None = None
        # The stint whose agent wraps up.
        self._wrapping: Stint | None = None

    def take(self, line: Line) -> None:
        if line.kind == _Kind.REOPENED:
            self._end_stint(line.created_at)
            self._end_wrap_up(line.created_at)
        if line.kind == _Kind.REOPENED or not self.stays:
            self._begin_stay(line)
        stay, at, data = self.stays[-1], line.created_at, line.data
        match line.kind:
            case _Kind.MESSAGE:
                self._said(stay, line)
            case _Kind.QUEUED:
                stay.queued_at = stay.queued_at or at
                self._end_stint(at)
            case _Kind.ACCEPTED:
                self._begin_stint(stay, data.get("to_id"), at)
            case _Kind.ASSIGNED if data.get("because"):
                self._begin_stint(stay, data.get("to_id"), at)
            case _Kind.OFFERED if data.get("result") == "missed":
                stay.missed_offers.append((self._agents.get(data["to_id"]), at))
            case _Kind.STATUS if data.get("slot") == "freed":
                self._end_wrap_up(at)
            case _Kind.STATUS if data.get("to") == "waiting":
                self._end_stint(at)
            case _Kind.ENDED:
                stay.ended_at, stay.because = at, data.get("because", "")
                self._wrapping = self._stint
                self._end_stint(at)
            case _Kind.RESOLVED:
                stay.resolved_at, stay.ended_at = at, stay.ended_at or at
                stay.outcome = data.get("outcome", "")
                stay.because = data.get("because", "")
                self._end_stint(at)
                self._end_wrap_up(at)
            case _Kind.FIELD if data.get("name") == "outcome" and stay.outcome:
                stay.outcome = data["to"]
            case _Kind.RATED:
                stay.score, stay.rated_at = data["score"], at

    def _begin_stay(self, line: Line) -> None:
        by = _AGENT if line.author_kind == _AGENT else _VISITOR
        stay = Stay(number=len(self.stays), started_at=line.created_at, started_by=by)
        self.stays.append(stay)

    def _said(self, stay: Stay, line: Line) -> None:
        stay.messages += 1
        if line.author_kind == _VISITOR:
            stay.visitor_wrote_at = stay.visitor_wrote_at or line.created_at
        elif line.author_kind == _AGENT and not line.data.get("automatic"):
            if stay.first_reply_at is None:
                stay.first_reply_at, stay.first_reply_by = line.created_at, line.agent_id
            if line.agent_id is not None:
                # Taken out first: the order tells who spoke last.
                stay.words[line.agent_id] = stay.words.pop(line.agent_id, 0) + 1

    def _begin_stint(self, stay: Stay, to: str | None, at: datetime) -> None:
        self._end_stint(at)
        stay.accepted_at = stay.accepted_at or at
        self._stint = Stint(agent_id=self._agents.get(to or ""), started_at=at)
        stay.stints.append(self._stint)

    def _end_stint(self, at: datetime) -> None:
        if self._stint is not None:
            self._stint.ended_at = at
            self._stint = None

    def _end_wrap_up(self, at: datetime) -> None:
        if self._wrapping is not None and self._wrapping.ended_at is not None:
            until = min(at, self._wrapping.ended_at + self._cap)
            self._wrapping.acw = _seconds(self._wrapping.ended_at, until)
        self._wrapping = None
