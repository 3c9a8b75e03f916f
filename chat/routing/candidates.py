"""What routing knows of agents and of the queue, read in few statements whatever their number."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value

from agents.access import Access, accesses_of, teams_in_charge
from agents.models import Agent
from agents.presence import AgentHere
from chat.models import Conversation, Offer
from chat.models.querysets import IN_LINE_SINCE
from chat.routing.decision import Candidate, Policy, TeamRule, Waiting

# Sorts an offer that is still open after all closed ones.
_LATER = datetime.max.replace(tzinfo=UTC)
_ASKED = {Offer.Result.OPEN, Offer.Result.DECLINED, Offer.Result.MISSED}


@dataclass(frozen=True, kw_only=True)
class Load:
    """Slots taken per agent, and who was already asked about which chat."""

    held: Counter[int]
    # By chat, and when each of them last declined it or let it ring.
    tried: dict[int, dict[int, datetime]]
    # Where a chat rings now: conversation and agent.
    ringing: dict[int, int]


def load_of(agent_ids: Iterable[int] | None = None) -> Load:
    """Count the slots of these agents (all when None) in one statement.

    A chat that rings at somebody takes a slot of theirs, or accepting could pass the limit.
    """
    slots = Conversation.objects.unresolved().filter(holds_slot=True, assignee__isnull=False)
    offers = Offer.objects.filter(
        conversation__status=Conversation.Status.QUEUED,
        # Only since it entered the queue this time: a reopened chat rings at everybody again.
        offered_at__gte=F("conversation__queued_at"),
    )
    if agent_ids is not None:
        wanted = set(agent_ids)
        slots, offers = slots.filter(assignee__in=wanted), offers.filter(agent__in=wanted)
    held: Counter[int] = Counter()
    tried: dict[int, dict[int, datetime]] = defaultdict(dict)
    ringing: dict[int, int] = {}
    rows = slots.values_list(Value("slot"), "assignee_id", "pk", Value(""), "accepted_at").union(
        offers.values_list(Value("offer"), "agent_id", "conversation_id", "result", "closed_at"),
        all=True,
    )
    for what, agent_id, conversation_id, result, at in rows:
        if what == "slot":
            held[agent_id] += 1
            continue
        if result in _ASKED:
            asked = tried[conversation_id]
            asked[agent_id] = max(at or _LATER, asked.get(agent_id, at or _LATER))
        if result == Offer.Result.OPEN:
            ringing[conversation_id] = agent_id
            held[agent_id] += 1
    return Load(held=held, tried=tried, ringing=ringing)


def as_candidates(agents: Iterable[AgentHere], load: Load) -> list[Candidate]:
    """Join agents to their access and load; two statements."""
    people = list(agents)
    accesses = accesses_of(people)
    return [
        replace(
            as_candidate(agent, accesses[agent.pk], load, is_present=agent.is_here),
            by_phone=agent.by_phone,
        )
        for agent in people
    ]


def as_candidate(agent: Agent, access: Access, load: Load, *, is_present: bool) -> Candidate:
    """Return one agent as the decision sees them."""
    return Candidate(
        id=agent.pk,
        status=agent.status,
        is_present=is_present,
        capacity=agent.capacity,
        held=load.held[agent.pk],
        idle_since=agent.idle_since,
        access=access,
    )


_TEAMS = ("team", "topic__teams", "brand__default_team")
_TEAM_FIELDS = ("pk", "capacity", "auto_accept", "ring_seconds")


@dataclass(kw_only=True)
class _Row:
    waiting: dict[str, Any]
    own: int | None
    default: int | None
    of_topic: set[int] = field(default_factory=set)


def read_queue(conversations: QuerySet[Conversation], load: Load) -> tuple[list[Waiting], Policy]:
    """Return `conversations` as the decision sees them, with the rules of their teams and brands.

    One statement: a row for each chat and team of its topic.
    """
    names = [f"{path}__{name}" for path in _TEAMS for name in _TEAM_FIELDS]
    rows: dict[int, _Row] = {}
    rules: dict[int, TeamRule] = {}
    capacities: dict[int, int] = {}
    for values in conversations.order_by("pk").values_list(
        "pk",
        "brand_id",
        "channel",
        "priority",
        IN_LINE_SINCE,
        "returning_to_id",
        "passed_by_id",
        "passed_at",
        "brand__capacity",
        *names,
    ):
        pk, brand_id, channel, priority, queued_at, back, passed, at, capacity, *fields = values
        found = list(batched(fields, len(_TEAM_FIELDS), strict=True))
        own, of_topic, default = (team_id for team_id, *_ in found)
        capacities[brand_id] = capacity
        if pk not in rows:
            asked = load.tried.get(pk, {}) | ({passed: at} if passed else {})
            rows[pk] = _Row(
                waiting={
                    "id": pk,
                    "brand_id": brand_id,
                    "channel": channel,
                    "priority": priority,
                    "queued_at": queued_at,
                    "returning_to": back,
                    "tried": tuple(sorted(asked, key=asked.__getitem__)),
                    "refused_at": max(asked.values(), default=None),
                },
                own=own,
                default=default,
            )
        if of_topic is not None:
            rows[pk].of_topic.add(of_topic)
        for team_id, limit, auto_accept, ring_seconds in found:
            if team_id is not None:
                rules[team_id] = TeamRule(
                    capacity=limit, auto_accept=auto_accept, ring_seconds=ring_seconds
                )
    queue = [
        Waiting(
            **row.waiting,
            team_ids=teams_in_charge(row.own, row.of_topic, row.default),
        )
        for row in rows.values()
    ]
    return queue, Policy(brand_capacity=capacities, teams=rules)


def offerable(now: datetime) -> QuerySet[Conversation]:
    """Return the chats that may be offered now: in line, not held by rules, and not ringing."""
    ringing = Offer.objects.filter(conversation=OuterRef("pk"), result=Offer.Result.OPEN)
    found: QuerySet[Conversation] = Conversation.objects.in_line(now).filter(
        Q(held_until=None) | Q(held_until__lte=now), ~Exists(ringing)
    )
    return found
