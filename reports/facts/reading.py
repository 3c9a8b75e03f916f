"""What the lines of one chat say of its stays: pure, and of nothing but the lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from chat.models import Conversation, Entry

_Kind, _Status = Entry.Kind, Conversation.Status
_AGENT, _VISITOR = Entry.AuthorKind.AGENT, Entry.AuthorKind.VISITOR
# Who stands unanswered for so long at the end was dropped; who leaves sooner after their own
# last word was not.
DROPPED_SECONDS = 60
# A longer silence before a visitor's or an agent's word is none of the time spent on each other.
_VISITOR_GAP, _AGENT_GAP = 240, 600

# From when to when something lasted.
type Span = tuple[datetime, datetime]


class Line(Protocol):
    """What is read of a line."""

    kind: str
    author_kind: str
    data: Mapping[str, Any]
    created_at: datetime
    visitor_seq: int | None

    @property
    def agent_id(self) -> int | None:
        """Return the author when it is an agent."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """What an agent said to the visitor."""

    agent_id: int | None
    said_at: datetime
    asked_at: datetime | None

    @property
    def waited(self) -> Span | None:
        """Return from when to when the first unanswered word stood; none where none did."""
        return _span(self.asked_at, self.said_at)

    @property
    def seconds(self) -> float | None:
        """Return how long that was."""
        return _seconds(self.asked_at, self.said_at)


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
    # When the chat began, and the line by which it went on after this stay.
    chat_began_at: datetime
    reopened_at: datetime | None = None
    queued_at: datetime | None = None
    accepted_at: datetime | None = None
    first_reply_at: datetime | None = None
    first_reply_by: int | None = None
    visitor_wrote_at: datetime | None = None
    # The first words since the last answer, and the newest ones.
    unanswered_at: datetime | None = None
    visitor_last_at: datetime | None = None
    ended_at: datetime | None = None
    resolved_at: datetime | None = None
    was_dropped: bool = False
    # Whether a person said something to the visitor, in this stay or in one after it.
    was_answered: bool = False
    # The number by which the visitor knows the end, under which the rating is asked for.
    end_visitor_seq: int | None = None
    # While it was in line or at its end a rule let it wait for its customer.
    parked: list[Span] = field(default_factory=list)
    parked_at: datetime | None = None
    outcome: str = ""
    because: str = ""
    score: int | None = None
    rated_at: datetime | None = None
    messages: int = 0
    # Seconds in which both were at it; none where there was but one word.
    engaged: float | None = None
    said: list[Word] = field(default_factory=list)
    stints: list[Stint] = field(default_factory=list)
    missed_offers: list[tuple[int | None, datetime]] = field(default_factory=list)
    # How many words each agent said to the visitor, in the order of their last ones.
    words: dict[int, int] = field(default_factory=dict)

    @property
    def waited(self) -> Span | None:
        """Return from when to when the visitor stood in line until somebody had the chat."""
        return _span(self.queued_at, self.accepted_at)

    @property
    def wait(self) -> float | None:
        """Return how long that was, without what a rule had it wait for its customer."""
        return self._in_line(self.waited)

    def _in_line(self, span: Span | None) -> float | None:
        if span is None:
            return None
        return max(0.0, _lasted(span) - sum(map(_lasted, within(span, self.all_parked))))

    @property
    def responded(self) -> Span | None:
        """Return from when to when the visitor waited for a person's first words.

        Where an agent began it, from the visitor's own first words; none where there are none.
        """
        since = self.queued_at
        if since is None:
            since = self.visitor_wrote_at if self.started_by == _AGENT else self.started_at
        if self.queued_at is None and since and self.first_reply_at and self.first_reply_at < since:
            return None
        return _span(since, self.first_reply_at)

    @property
    def first_response(self) -> float | None:
        """Return how long that was."""
        return None if self.responded is None else _lasted(self.responded)

    @property
    def reacted(self) -> Span | None:
        """Return from when to when the chat was had until the first words."""
        return _span(self.accepted_at, self.first_reply_at)

    @property
    def reaction(self) -> float | None:
        """Return how long that was."""
        return None if self.reacted is None else _lasted(self.reacted)

    @property
    def session_duration(self) -> float | None:
        """Return how long it lasted from when somebody had it."""
        return _seconds(self.accepted_at, self.ended_at)

    @property
    def left(self) -> Span | None:
        """Return from when to when one who stood in line and heard nobody stayed."""
        return None if self.first_reply_at else _span(self.queued_at, self.ended_at)

    @property
    def wait_left(self) -> float | None:
        """Return how long that was, as `wait`."""
        return self._in_line(self.left)

    @property
    def took(self) -> Span | None:
        """Return from when to when the chat took to be resolved, with all stays before this."""
        return _span(self.chat_began_at, self.resolved_at)

    @property
    def resolution(self) -> float | None:
        """Return how long that was."""
        return None if self.took is None else _lasted(self.took)

    @property
    def all_parked(self) -> list[Span]:
        """Return when a rule had it wait for its customer, up to its end."""
        last = _span(self.parked_at, self.ended_at)
        return [*self.parked, last] if last else self.parked

    @property
    def is_held(self) -> bool:
        """Return whether it ended while a rule had it wait, and nobody had answered."""
        return self.parked_at is not None and self.first_reply_at is None

    @property
    def survey_seq(self) -> int | None:
        """Return which of the visitor's lines the survey stands under; none where none is asked."""
        is_asked = self.first_reply_at and self.accepted_at
        is_spam = self.outcome == Conversation.Outcome.SPAM
        return self.end_visitor_seq if is_asked and not is_spam else None

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


def _span(since: datetime | None, until: datetime | None) -> Span | None:
    # Clocks of processes differ: nothing lasts less than nothing.
    return None if since is None or until is None else (since, max(since, until))


def _lasted(span: Span) -> float:
    return (span[1] - span[0]).total_seconds()


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    span = _span(since, until)
    return None if span is None else _lasted(span)


def within(whole: Span, spans: Iterable[Span]) -> list[Span]:
    """Return the parts of these spans that lie in another."""
    cut = ((max(whole[0], since), min(whole[1], until)) for since, until in spans)
    return [(since, until) for since, until in cut if since < until]


def read_stays(
    lines: Iterable[Line], *, agent_ids: Mapping[str, int], wrap_up_cap: int
) -> list[Stay]:
    """Return the stays that the lines of one chat tell of, in order.

    `agent_ids`: keys of agents by the public ids that lines name. `wrap_up_cap`: in seconds.
    """
    reader = _Reader(agent_ids, wrap_up_cap)
    for line in lines:
        reader.take(line)
    was_answered = False
    for stay in reversed(reader.stays):
        was_answered = was_answered or stay.first_reply_at is not None
        stay.was_answered = was_answered
    return reader.stays


class _Reader:
    def __init__(self, agent_ids: Mapping[str, int], wrap_up_cap: int) -> None:
        self.stays: list[Stay] = []
        self._agents = agent_ids
        self._cap = timedelta(seconds=wrap_up_cap)
        self._stint: Stint | None = None
        # The stint whose agent wraps up.
        self._wrapping: Stint | None = None
        # In which stay the last word was said, and when.
        self._spoken: tuple[int, datetime] | None = None

    def take(self, line: Line) -> None:
        if line.kind == _Kind.REOPENED:
            self._end_stint(line.created_at)
            self._end_wrap_up(line.created_at)
            if self.stays:
                self.stays[-1].reopened_at = line.created_at
        if line.kind == _Kind.REOPENED or not self.stays:
            self._begin_stay(line)
        stay, at, data = self.stays[-1], line.created_at, line.data
        match line.kind:
            case _Kind.MESSAGE:
                self._said(stay, line)
            case _Kind.QUEUED:
                if stay.accepted_at is None:
                    # Else an agent passed it on, which is no new wait.
                    stay.queued_at = stay.queued_at or at
                self._goes_on(stay, at)
                self._end_stint(at)
            case _Kind.ACCEPTED:
                self._begin_stint(stay, data.get("to_id"), at)
            case _Kind.ASSIGNED if data.get("because"):
                self._begin_stint(stay, data.get("to_id"), at)
            case _Kind.OFFERED if data.get("result") == "missed":
                stay.missed_offers.append((self._agents.get(data["to_id"]), at))
            case _Kind.STATUS if data.get("slot") == "freed":
                self._end_wrap_up(at)
            case _Kind.STATUS if data.get("to") == _Status.WAITING:
                self._end_stint(at)
                if not data.get("because"):
                    # Else its agent has it, and the customer is silent.
                    stay.parked_at = stay.parked_at or at
            case _Kind.ENDED:
                self._over(stay, line, by_visitor=data.get("by") == _VISITOR)
                stay.ended_at, stay.because = at, data.get("because", "")
                stay.end_visitor_seq = line.visitor_seq
                self._wrapping = self._stint
                self._end_stint(at)
            case _Kind.RESOLVED:
                if stay.ended_at is None:
                    self._over(stay, line, by_visitor=False)
                stay.resolved_at, stay.ended_at = at, stay.ended_at or at
                stay.outcome = data.get("outcome", "")
                # Who was sent to the form did not choose it.
                stay.because = "form" if data.get("form") else data.get("because", "")
                self._end_stint(at)
                self._end_wrap_up(at)
            case _Kind.FIELD if data.get("name") == "outcome" and stay.outcome:
                stay.outcome = data["to"]
            case _Kind.RATED:
                stay.score, stay.rated_at = data["score"], at

    def _begin_stay(self, line: Line) -> None:
        by = _AGENT if line.author_kind == _AGENT else _VISITOR
        began = self.stays[0].started_at if self.stays else line.created_at
        number = len(self.stays)
        self.stays.append(
            Stay(number=number, started_at=line.created_at, started_by=by, chat_began_at=began)
        )

    def _said(self, stay: Stay, line: Line) -> None:
        stay.messages += 1
        at = line.created_at
        if line.author_kind == _VISITOR:
            self._at_it(at, _VISITOR_GAP)
            stay.visitor_wrote_at = stay.visitor_wrote_at or at
            stay.unanswered_at = stay.unanswered_at or at
            stay.visitor_last_at = at
        elif line.author_kind == _AGENT and not line.data.get("automatic"):
            self._at_it(at, _AGENT_GAP)
            if stay.first_reply_at is None:
                stay.first_reply_at, stay.first_reply_by = at, line.agent_id
            asked = stay.unanswered_at
            stay.said.append(Word(agent_id=line.agent_id, said_at=at, asked_at=asked))
            stay.unanswered_at = None
            if line.agent_id is not None:
                # Taken out first: the order tells who spoke last.
                stay.words[line.agent_id] = stay.words.pop(line.agent_id, 0) + 1

    def _at_it(self, at: datetime, longest: int) -> None:
        """Count the silence before a word, unless it was too long."""
        stay = self.stays[-1]
        if self._spoken is not None and self._spoken[0] == stay.number:
            gap = _seconds(self._spoken[1], at) or 0.0
            stay.engaged = (stay.engaged or 0.0) + (gap if gap <= longest else 0.0)
        self._spoken = stay.number, at

    def _over(self, stay: Stay, line: Line, *, by_visitor: bool) -> None:
        """See whether the end leaves a word unanswered that had stood for long."""
        at = line.created_at
        stood = _seconds(stay.unanswered_at, at)
        if stay.accepted_at is None or stood is None or stood < DROPPED_SECONDS:
            return
        fresh = _seconds(stay.visitor_last_at, at)
        stay.was_dropped = not (by_visitor and fresh is not None and fresh < DROPPED_SECONDS)

    def _goes_on(self, stay: Stay, at: datetime) -> None:
        """No rule has it wait any more."""
        if stay.parked_at is not None:
            stay.parked.append((stay.parked_at, max(stay.parked_at, at)))
            stay.parked_at = None

    def _begin_stint(self, stay: Stay, to: str | None, at: datetime) -> None:
        self._end_stint(at)
        self._goes_on(stay, at)
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
