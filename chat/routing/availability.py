"""The one answer to "can somebody help now?", for widget, topics, rules, API and reports alike."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from typing import Any

from agents.models import Brand, Language, Topic
from agents.presence import online_agents
from chat.models import Conversation
from chat.routing.candidates import as_candidates, load_of, read_queue
from chat.routing.decision import Candidate, Policy, TeamRule, Waiting, exclusion
from chat.routing.estimate import Band, estimate
from config.wire import wire_time

SAMPLES = 100


class State(StrEnum):
    """What a visitor who starts now meets: an agent, a line, or the offline form."""

    ONLINE = "online"
    BUSY = "busy"
    OFFLINE = "offline"


@dataclass(frozen=True, kw_only=True)
class TopicState:
    """One topic of the widget's home."""

    id: str
    names: dict[str, str]
    state: State
    eta: Band | None


@dataclass(frozen=True, kw_only=True)
class Availability:
    """The answer for a brand. `opens_at` waits for business hours and is unknown until then."""

    state: State
    topics: tuple[TopicState, ...]
    opens_at: datetime | None = None

    def as_json(self, language: str | None = None) -> dict[str, Any]:
        """Return the shape of the wire; topic names in `language`, or none of them."""
        topics: list[dict[str, Any]] = []
        for topic in self.topics:
            name = {"name": topic.names[language]} if language else {}
            topics.append({"id": topic.id, **name, "state": topic.state, "eta": topic.eta})
        return {
            "state": self.state,
            "topics": topics,
            "opens_at": wire_time(self.opens_at) if self.opens_at else None,
        }


@dataclass(frozen=True, kw_only=True)
class Slots:
    """The agents who may take one kind of chat, their slots and what is left of them."""

    agents: int
    slots: int
    free: int


@dataclass(frozen=True, kw_only=True)
class Floor:
    """Everybody Online and everything queued, at one moment."""

    candidates: Sequence[Candidate]
    queue: Sequence[Waiting]
    ringing: Collection[int]
    policy: Policy

    def room(self, brand_id: int, team_ids: frozenset[int], channel: str) -> Slots:
        """Return who and what is there for chats of these teams."""
        slots = free = agents = 0
        for candidate in self.candidates:
            if exclusion(candidate, brand_id, channel, team_ids) is None:
                limit = self.policy.limit(candidate, brand_id, team_ids)
                agents += limit > 0
                slots += limit
                free += max(0, limit - candidate.held)
        return Slots(agents=agents, slots=slots, free=free)

    def ahead(self, team_ids: frozenset[int]) -> int:
        """Return how many chats stand in line for these teams."""
        return sum(1 for waiting in self.queue if waiting.team_ids & team_ids)

    def unserved(self, team_ids: frozenset[int]) -> int:
        """Return how many of those in line have no agent in prospect: nobody's phone rings."""
        return sum(
            1
            for waiting in self.queue
            if waiting.team_ids & team_ids and waiting.id not in self.ringing
        )

    def length(self, brand_id: int) -> int:
        """Return the length of a brand's line."""
        return sum(1 for waiting in self.queue if waiting.brand_id == brand_id)


@dataclass(kw_only=True)
class BrandTopics:
    """A brand's topics with the teams they go to, and where everything else goes."""

    brand: Brand
    default: frozenset[int] = frozenset()
    names: dict[int, dict[str, str]] = field(default_factory=dict)
    teams: dict[int, set[int]] = field(default_factory=dict)
    public: list[int] = field(default_factory=list)

    def teams_of(self, topic_id: int | None) -> frozenset[int]:
        """Return whose queue a chat of this topic stands in."""
        own = frozenset(self.teams.get(topic_id, ())) if topic_id is not None else frozenset()
        return own or self.default


def read_floor(now: datetime) -> Floor:
    """Read all Online agents and the whole line; five statements."""
    agents = list(online_agents(now))
    load = load_of()
    queue, policy = read_queue(Conversation.objects.in_line(now), load)
    return Floor(
        candidates=as_candidates(agents, load),
        queue=sorted(queue, key=lambda waiting: waiting.order),
        ringing=load.ringing,
        policy=policy,
    )


_TEAM_FIELDS = ("pk", "capacity", "auto_accept", "ring_seconds")


def read_topics(brands: Iterable[Brand]) -> tuple[dict[int, BrandTopics], Policy]:
    """Return the active topics of `brands` in order, and the rules of all teams behind them."""
    found = {brand.pk: BrandTopics(brand=brand) for brand in brands}
    rules: dict[int, TeamRule] = {}

    def rule(team_id: int | None, capacity: int | None, auto: bool, ring: int) -> set[int]:
        if team_id is None:
            return set()
        rules[team_id] = TeamRule(capacity=capacity, auto_accept=auto, ring_seconds=ring)
        return {team_id}

    for brand_id, *team in Brand.objects.filter(pk__in=found).values_list(
        "pk", *(f"default_team__{name}" for name in _TEAM_FIELDS)
    ):
        found[brand_id].default = frozenset(rule(*team))
    topics = Topic.objects.filter(brand__in=found, is_active=True).order_by("position", "pk")
    for pk, brand_id, name_tr, name_en, is_public, *team in topics.values_list(
        "pk",
        "brand_id",
        "name_tr",
        "name_en",
        "is_public",
        *(f"teams__{name}" for name in _TEAM_FIELDS),
    ):
        its = found[brand_id]
        if pk not in its.names:
            its.names[pk] = {Language.TURKISH: name_tr, Language.ENGLISH: name_en}
            its.teams[pk] = set()
            if is_public:
                its.public.append(pk)
        its.teams[pk] |= rule(*team)
    capacities = {brand.pk: brand.capacity for brand in (its.brand for its in found.values())}
    return found, Policy(brand_capacity=capacities, teams=rules)


def with_rules(floor: Floor, policy: Policy) -> Floor:
    """Return `floor` knowing the rules of further teams and brands."""
    return Floor(
        candidates=floor.candidates,
        queue=floor.queue,
        ringing=floor.ringing,
        policy=Policy(
            brand_capacity={**floor.policy.brand_capacity, **policy.brand_capacity},
            teams={**floor.policy.teams, **policy.teams},
        ),
    )


def durations_of(brand_id: int) -> list[float]:
    """Return for how many seconds the newest handled chats of a brand kept their agent."""
    times = (
        Conversation.objects.filter(
            brand=brand_id, accepted_at__isnull=False, ended_at__isnull=False
        )
        .order_by("-ended_at")
        .values_list("accepted_at", "ended_at")[:SAMPLES]
    )
    # Clocks differ: what ended before it began lasted no time.
    return [max(0.0, (ended - accepted).total_seconds()) for accepted, ended in times]


def answer(
    floor: Floor,
    topics: BrandTopics,
    team_ids: frozenset[int],
    channel: str,
    durations: Callable[[], Sequence[float]],
) -> tuple[State, Band | None]:
    """Return what a new chat of these teams would meet, and how long it would wait."""
    brand = topics.brand
    room = floor.room(brand.pk, team_ids, channel)
    if not room.agents:
        return State.OFFLINE, None
    if room.free > floor.unserved(team_ids):
        return State.ONLINE, None
    if (
        brand.at_capacity == Brand.AtCapacity.FORM
        or floor.length(brand.pk) >= brand.max_queue_length
    ):
        return State.OFFLINE, None
    position = floor.ahead(team_ids) + 1
    return State.BUSY, estimate(position=position, slots=room.slots, durations=durations())


def availability_of(floor: Floor, topics: BrandTopics, channel: str) -> Availability:
    """Return the answer for one brand from what is already read."""
    durations = cache(partial(durations_of, topics.brand.pk))
    states = []
    best, _ = answer(floor, topics, topics.default, channel, durations)
    for topic_id in topics.public:
        state, eta = answer(floor, topics, topics.teams_of(topic_id), channel, durations)
        states.append(
            TopicState(id=str(topic_id), names=topics.names[topic_id], state=state, eta=eta)
        )
        best = min(best, state, key=list(State).index)
    return Availability(state=best, topics=tuple(states))


def availability(brand: Brand, *, channel: str, now: datetime) -> Availability:
    """Return what a visitor of `brand` can expect now."""
    floor = read_floor(now)
    topics, policy = read_topics([brand])
    return availability_of(with_rules(floor, policy), topics[brand.pk], channel)


def can_start(brand: Brand, topic: Topic | None, *, channel: str, now: datetime) -> State:
    """Return what a chat of `topic` that starts now meets."""
    topics, policy = read_topics([brand])
    floor = with_rules(read_floor(now), policy)
    its = topics[brand.pk]
    state, _ = answer(floor, its, its.teams_of(topic.pk if topic else None), channel, list)
    return state
