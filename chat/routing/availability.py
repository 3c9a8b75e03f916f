"""The one answer to "can somebody help now?", for widget, topics, rules, API and reports alike."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from math import inf
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from agents.access import teams_in_charge
from agents.hours.book import Book, book_of
from agents.hours.words import says_open
from agents.models import Brand, Language, Topic
from agents.presence import online_agents
from chat.models import Conversation
from chat.routing.candidates import as_candidates, load_of
from chat.routing.decision import Candidate, Policy, TeamRule, Waiting, exclusion
from chat.routing.estimate import Band, estimate
from chat.routing.queue import read_queue
from config.wire import wire_time

SAMPLES = 100


class State(StrEnum):
    """What a visitor who starts now meets: an agent, a line, or the offline form."""

    ONLINE = "online"
    BUSY = "busy"
    OFFLINE = "offline"


class Reason(StrEnum):
    """Why only the offline form is there, in the words of the wire."""

    HOURS = "hours"
    NOBODY = "nobody"
    FULL = "full"


class Outlook(NamedTuple):
    """What a new chat meets: a state, a wait, why there is only the form, and when it opens."""

    state: State
    eta: Band | None = None
    reason: Reason | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TopicState:
    """One topic of the widget's home."""

    id: str
    names: dict[str, str]
    state: State
    eta: Band | None
    says: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Availability:
    """The answer for a brand. `says` is when it opens, as a sentence in each language."""

    state: State
    topics: tuple[TopicState, ...]
    reason: Reason | None = None
    opens_at: datetime | None = None
    says: dict[str, str] | None = None

    def as_json(self, language: str | None = None) -> dict[str, Any]:
        """Return the shape of the wire; topic names in `language`, or none of them."""
        topics: list[dict[str, Any]] = []
        for topic in self.topics:
            name = {"name": topic.names[language]} if language else {}
            says = {"says": topic.says} if topic.says else {}
            topics.append({"id": topic.id, **name, "state": topic.state, "eta": topic.eta, **says})
        return {
            "state": self.state,
            "topics": topics,
            "reason": self.reason,
            "opens_at": wire_time(self.opens_at) if self.opens_at else None,
            "says": self.says,
        }


@dataclass(frozen=True, kw_only=True)
class Slots:
    """The agents who may take one kind of chat, their slots and what is left of them."""

    agents: int
    slots: int
    free: int


@dataclass(frozen=True, kw_only=True)
class Floor:
    """Everybody Online, everything queued and all business hours, at one moment."""

    at: datetime
    hours: Book
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
    """A brand's topics with the teams they go to, and where everything else goes.

    `teams` also knows topics that are switched off: their chats stay where they were.
    """

    brand: Brand
    default: int | None = None
    names: dict[int, dict[str, str]] = field(default_factory=dict)
    teams: dict[int, set[int]] = field(default_factory=dict)
    public: list[int] = field(default_factory=list)

    def teams_of(self, topic_id: int | None, own: int | None = None) -> frozenset[int]:
        """Return whose queue a chat of this topic stands in, or of a team of its own."""
        of_topic = self.teams.get(topic_id, ()) if topic_id is not None else ()
        return teams_in_charge(own, of_topic, self.default)


def read_floor(now: datetime) -> Floor:
    """Read all Online agents and the whole line; five statements."""
    agents = list(online_agents(now))
    load = load_of()
    queue, policy = read_queue(Conversation.objects.in_line(now), load)
    return Floor(
        at=now,
        hours=book_of(now),
        candidates=as_candidates(agents, load),
        queue=sorted(queue, key=lambda waiting: waiting.order),
        ringing=load.ringing,
        policy=policy,
    )


_TEAM_FIELDS = ("pk", "capacity", "auto_accept", "ring_seconds")


def read_topics(brands: Iterable[Brand]) -> tuple[dict[int, BrandTopics], Policy]:
    """Return the topics of `brands` in order, and the rules of all teams behind them."""
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
        rule(*team)
        found[brand_id].default = team[0]
    topics = Topic.objects.filter(brand__in=found).order_by("position", "pk")
    for pk, brand_id, name_tr, name_en, is_active, is_public, *team in topics.values_list(
        "pk",
        "brand_id",
        "name_tr",
        "name_en",
        "is_active",
        "is_public",
        *(f"teams__{name}" for name in _TEAM_FIELDS),
    ):
        its = found[brand_id]
        if pk not in its.teams:
            its.teams[pk] = set()
            if is_active:
                its.names[pk] = {Language.TURKISH: name_tr, Language.ENGLISH: name_en}
            if is_active and is_public:
                its.public.append(pk)
        its.teams[pk] |= rule(*team)
    capacities = {brand.pk: brand.capacity for brand in (its.brand for its in found.values())}
    return found, Policy(brand_capacity=capacities, teams=rules)


def with_rules(floor: Floor, policy: Policy) -> Floor:
    """Return `floor` knowing the rules of further teams and brands."""
    return replace(
        floor,
        policy=Policy(
            brand_capacity={**floor.policy.brand_capacity, **policy.brand_capacity},
            teams={**floor.policy.teams, **policy.teams},
        ),
    )


def durations_of(brand_id: int) -> list[float]:
    """Return for how many seconds the newest handled chats of a brand kept their agent."""
    times = (
        Conversation.objects.filter(
            brand=brand_id,
            kind=Conversation.Kind.CUSTOMER,
            accepted_at__isnull=False,
            ended_at__isnull=False,
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
    meets = outlook(floor, topics, team_ids, channel, durations)
    return meets.state, meets.eta


def outlook(
    floor: Floor,
    topics: BrandTopics,
    team_ids: frozenset[int],
    channel: str,
    durations: Callable[[], Sequence[float]],
) -> Outlook:
    """Return what a new chat of these teams would meet, and why."""
    brand = topics.brand
    if not floor.hours.is_open(brand, team_ids, at=floor.at):
        opens_at = floor.hours.opens_at(brand, team_ids, after=floor.at)
        return Outlook(State.OFFLINE, reason=Reason.HOURS, opens_at=opens_at)
    room = floor.room(brand.pk, team_ids, channel)
    if not room.agents:
        return Outlook(State.OFFLINE, reason=Reason.NOBODY)
    if room.free > floor.unserved(team_ids):
        return Outlook(State.ONLINE)
    if (
        brand.at_capacity == Brand.AtCapacity.FORM
        or floor.length(brand.pk) >= brand.max_queue_length
    ):
        return Outlook(State.OFFLINE, reason=Reason.FULL)
    position = floor.ahead(team_ids) + 1
    return Outlook(State.BUSY, estimate(position=position, slots=room.slots, durations=durations()))


def availability_of(floor: Floor, topics: BrandTopics, channel: str) -> Availability:
    """Return the answer for one brand from what is already read."""
    durations = cache(partial(durations_of, topics.brand.pk))
    zone = ZoneInfo(topics.brand.time_zone)

    def says(meets: Outlook) -> dict[str, str] | None:
        return says_open(meets.opens_at, now=floor.at, zone=zone) if meets.opens_at else None

    found = [outlook(floor, topics, topics.teams_of(None), channel, durations)]
    states = []
    for topic_id in topics.public:
        meets = outlook(floor, topics, topics.teams_of(topic_id), channel, durations)
        found.append(meets)
        states.append(
            TopicState(
                id=str(topic_id),
                names=topics.names[topic_id],
                state=meets.state,
                eta=meets.eta,
                says=says(meets),
            )
        )
    best = min(found, key=_promise)
    return Availability(
        state=best.state,
        topics=tuple(states),
        reason=best.reason,
        opens_at=best.opens_at,
        says=says(best),
    )


_STATES = list(State)
# Of several reasons the one is told that may pass soonest.
_REASONS = [None, Reason.FULL, Reason.NOBODY, Reason.HOURS]


def _promise(meets: Outlook) -> tuple[int, int, float]:
    """Return what sorts the best outlook first."""
    opens = meets.opens_at.timestamp() if meets.opens_at else inf
    return _STATES.index(meets.state), _REASONS.index(meets.reason), opens


def availability(brand: Brand, *, channel: str, now: datetime) -> Availability:
    """Return what a visitor of `brand` can expect now."""
    floor = read_floor(now)
    topics, policy = read_topics([brand])
    return availability_of(with_rules(floor, policy), topics[brand.pk], channel)


def outlook_for(chat: Conversation, *, now: datetime) -> Outlook:
    """Return what a chat meets, or would meet if it came only now: it is not in its own way.

    A rehearsal meets whoever started it.
    """
    if chat.kind == Conversation.Kind.REHEARSAL:
        return Outlook(State.ONLINE)
    topics, policy = read_topics([chat.brand])
    floor = with_rules(read_floor(now), policy)
    others = replace(floor, queue=[each for each in floor.queue if each.id != chat.pk])
    its = topics[chat.brand_id]
    teams = its.teams_of(chat.topic_id, own=chat.team_id)
    return outlook(others, its, teams, chat.channel, list)


def is_open_for(chat: Conversation, *, at: datetime) -> bool:
    """Return whether the desk of a chat is open at a moment."""
    topics, _policy = read_topics([chat.brand])
    its = topics[chat.brand_id]
    teams = its.teams_of(chat.topic_id, own=chat.team_id)
    return book_of(at).is_open(chat.brand, teams, at=at)


def can_start(brand: Brand, topic: Topic | None, *, channel: str, now: datetime) -> State:
    """Return what a chat of `topic` that starts now meets."""
    topics, policy = read_topics([brand])
    floor = with_rules(read_floor(now), policy)
    its = topics[brand.pk]
    state, _ = answer(floor, its, its.teams_of(topic.pk if topic else None), channel, list)
    return state
