"""Who gets which chat: a pure function of the queue and the agents.

The queue is served in order (priority, then entry, then id). Each chat goes to the agent with the
fewest open chats among those who may take it, the longest idle one on a tie, and never past the
limit of agent, team or brand. Who refused it is asked again only after a pause, and only when
nobody else can take it: else the customer would wait for ever. Whoever is left out is left out for
a reason that can be told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heapify, heappop, heappush

from agents.access import Access
from agents.models import Status

# How long after the last refusal those who refused are asked again, if nobody else can be.
ASK_AGAIN = timedelta(seconds=60)


class Reason(StrEnum):
    """Why an agent did not get a chat."""

    STATUS = "status"
    NOT_PRESENT = "not_present"
    NOT_IN_TEAM = "not_in_team"
    NOT_AUTHORISED = "not_authorised"
    ALREADY_OFFERED = "already_offered"
    CAPACITY = "capacity"
    # Could have taken it, but somebody had fewer chats or had waited longer.
    OTHERS_FIRST = "others_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A chat in the queue. `tried` are agents it rang at, who declined it or passed it on."""

    id: int
    brand_id: int
    channel: str
    team_ids: frozenset[int]
    priority: int
    queued_at: datetime
    # Whoever refused it longest ago first, and when the last of them did.
    tried: tuple[int, ...] = ()
    refused_at: datetime | None = None
    # The agent it was taken from when they vanished; gets it back first.
    returning_to: int | None = None

    @property
    def order(self) -> tuple[int, datetime, int]:
        """Return the sort key of the queue: `ConversationQuerySet.in_order` in Python."""
        return (-self.priority, self.queued_at, self.id)

    def begins_anew(self, now: datetime) -> bool:
        """Return whether those who were tried may be asked again, for want of others."""
        return self.refused_at is not None and now - self.refused_at >= ASK_AGAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An agent as routing sees one. `held` counts slots in use and chats ringing now."""

    id: int
    status: str
    is_present: bool
    capacity: int | None
    held: int
    idle_since: datetime
    access: Access
    # Reached by phone alone: chats ring there.
    by_phone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRule:
    """What a team says about assignment."""

    capacity: int | None = None
    auto_accept: bool = True
    ring_seconds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Limits and manners of the teams and brands in play."""

    brand_capacity: Mapping[int, int]
    teams: Mapping[int, TeamRule] = field(default_factory=dict)

    def limit(self, candidate: Candidate, brand_id: int, team_ids: frozenset[int]) -> int:
        """Return how many chats `candidate` may hold: agent, else team, else brand decides."""
        if candidate.capacity is not None:
            return candidate.capacity
        limits = [
            rule.capacity for rule in self._rules(candidate, team_ids) if rule.capacity is not None
        ]
        return max(limits) if limits else self.brand_capacity[brand_id]

    def ring_seconds(self, candidate: Candidate, team_ids: frozenset[int]) -> int:
        """Return how long a chat rings at `candidate`; 0 when it is accepted at once.

        For somebody who has only the phone nothing is ever accepted.
        """
        rules = self._rules(candidate, team_ids)
        if candidate.by_phone:
            return max((rule.ring_seconds for rule in rules), default=TeamRule().ring_seconds)
        if not rules or any(rule.auto_accept for rule in rules):
            return 0
        return max(rule.ring_seconds for rule in rules)

    def _rules(self, candidate: Candidate, team_ids: frozenset[int]) -> list[TeamRule]:
        shared = candidate.access.team_ids & team_ids
        return [self.teams[team_id] for team_id in shared if team_id in self.teams]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One chat for one agent: accepted at once, or ringing for `ring_seconds`."""

    conversation_id: int
    agent_id: int
    ring_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who gets what, and on request why everybody else does not."""

    assignments: tuple[Assignment, ...]
    _pools: Mapping[int, "_Pool"]
    _queue: Mapping[int, Waiting]

    def why(self, conversation_id: int) -> dict[int, Reason]:
        """Return for each agent who did not get the chat the reason, by agent id."""
        waiting, pool = self._queue[conversation_id], self._pools[conversation_id]
        reasons = dict(pool.left_out)
        for agent_id in pool.limits:
            if agent_id in waiting.tried:
                reasons[agent_id] = Reason.ALREADY_OFFERED
            elif pool.is_full(agent_id):
                reasons[agent_id] = Reason.CAPACITY
            else:
                reasons[agent_id] = Reason.OTHERS_FIRST
        for assignment in self.assignments:
            if assignment.conversation_id == conversation_id:
                reasons.pop(assignment.agent_id, None)
        return reasons


def exclusion(
    candidate: Candidate, brand_id: int, channel: str, team_ids: frozenset[int]
) -> Reason | None:
    """Return why `candidate` may take no chat of this kind at all, whatever the load."""
    if candidate.status != Status.ONLINE:
        return Reason.STATUS
    if not candidate.is_present:
        return Reason.NOT_PRESENT
    if not candidate.access.team_ids & team_ids:
        return Reason.NOT_IN_TEAM
    if not candidate.access.may_take(brand_id, channel, team_ids):
        return Reason.NOT_AUTHORISED
    return None


class _Pool:
    """The agents for chats of one kind (brand, channel, teams), least loaded first.

    `load` is shared by all pools of a decision, so an entry of the heap may be out of date. Loads
    only grow, so an outdated entry only comes up too early, and is put back where it belongs.
    """

    def __init__(
        self,
        kind: Waiting,
        candidates: Mapping[int, Candidate],
        load: dict[int, tuple[int, datetime]],
        policy: Policy,
    ) -> None:
        self.load = load
        self.left_out: dict[int, Reason] = {}
        self.limits: dict[int, int] = {}
        self.rings: dict[int, int] = {}
        for agent_id, candidate in candidates.items():
            reason = exclusion(candidate, kind.brand_id, kind.channel, kind.team_ids)
            if reason:
                self.left_out[agent_id] = reason
            else:
                self.limits[agent_id] = policy.limit(candidate, kind.brand_id, kind.team_ids)
                self.rings[agent_id] = policy.ring_seconds(candidate, kind.team_ids)
        self.heap = [(*load[agent_id], agent_id) for agent_id in self.limits]
        heapify(self.heap)

    def is_full(self, agent_id: int) -> bool:
        """Return whether the agent is at the limit for chats of this kind."""
        return self.load[agent_id][0] >= self.limits[agent_id]

    def pick(self, waiting: Waiting) -> int | None:
        """Return who should get the chat, None when nobody can."""
        back = waiting.returning_to
        if back in self.limits and back not in waiting.tried and not self.is_full(back):
            return back
        tried = []
        chosen = None
        while self.heap and chosen is None:
            held, idle_since, agent_id = self.heap[0]
            if self.is_full(agent_id):
                heappop(self.heap)
            elif (held, idle_since) != self.load[agent_id]:
                heappop(self.heap)
                heappush(self.heap, (*self.load[agent_id], agent_id))
            elif agent_id in waiting.tried:
                tried.append(heappop(self.heap))
            else:
                chosen = agent_id
        for entry in tried:
            heappush(self.heap, entry)
        return chosen

    def pick_again(self, waiting: Waiting) -> int | None:
        """Return who refused the chat longest ago and could take it now: each has a turn."""
        free = (each for each in waiting.tried if each in self.limits and not self.is_full(each))
        return next(free, None)


def decide(
    *, queue: Iterable[Waiting], candidates: Iterable[Candidate], policy: Policy, now: datetime
) -> Decision:
    """Serve the queue in order until agents or chats run out."""
    people = {candidate.id: candidate for candidate in candidates}
    load = {person.id: (person.held, person.idle_since) for person in people.values()}
    kinds: dict[tuple[int, str, frozenset[int]], _Pool] = {}
    pools: dict[int, _Pool] = {}
    served: dict[int, Waiting] = {}
    assignments = []
    for waiting in sorted(queue, key=lambda waiting: waiting.order):
        kind = (waiting.brand_id, waiting.channel, waiting.team_ids)
        if kind not in kinds:
            kinds[kind] = _Pool(waiting, people, load, policy)
        pool = pools[waiting.id] = kinds[kind]
        served[waiting.id] = waiting
        agent_id = pool.pick(waiting)
        if agent_id is None and waiting.begins_anew(now):
            agent_id = pool.pick_again(waiting)
            others = tuple(each for each in waiting.tried if each != agent_id)
            served[waiting.id] = replace(waiting, tried=others)
        if agent_id is None:
            continue
        load[agent_id] = (load[agent_id][0] + 1, now)
        assignments.append(
            Assignment(
                conversation_id=waiting.id,
                agent_id=agent_id,
                ring_seconds=pool.rings[agent_id],
            )
        )
    return Decision(
        assignments=tuple(assignments),
        _pools=pools,
        _queue=served,
    )
