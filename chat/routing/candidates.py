"""What routing knows of agents, read in few statements whatever their number."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.db.models import F, Value

from agents.access import Access, accesses_of
from agents.models import Agent
from agents.presence import AgentHere, Here
from chat.models import Conversation, Offer
from chat.routing.decision import Candidate

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
            as_candidate(agent, accesses[agent.pk], load, is_present=bool(agent.here)),
            by_phone=agent.here == Here.BY_PHONE,
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
