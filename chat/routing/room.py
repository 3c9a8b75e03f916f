"""Who could have one certain chat: colleagues with their free slots, and teams."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agents.access import access_of, accesses_of
from agents.models import Agent, Status, Team
from agents.presence import AgentHere, with_presence
from chat.models import Conversation
from chat.routing.candidates import Load, as_candidate, as_candidates, load_of
from chat.routing.decision import Candidate, Policy, Reason, Waiting, exclusion
from chat.routing.queue import read_queue


@dataclass(frozen=True, kw_only=True)
class Openness:
    """How many chats like the one asked about an agent may still take, or why none at all."""

    agent: Agent
    free: int
    reason: Reason | None


@dataclass(frozen=True, kw_only=True)
class TeamRoom:
    """A team where others than its agent answer such a chat, and how many of them are there now."""

    team: Team
    online: int


def rooms_for(chat: Conversation, agents: Iterable[AgentHere]) -> list[Openness]:
    """Return what room these agents have for `chat`, as routing sees it.

    A slot that the chat itself takes (it rings at the agent, or is in wrap-up there) is free.
    """
    people = list(agents)
    load = load_of([agent.pk for agent in people])
    [waiting], policy = read_queue(Conversation.objects.filter(pk=chat.pk), load)
    rooms = []
    for agent, candidate in zip(people, as_candidates(people, load), strict=True):
        rooms.append(
            Openness(
                agent=agent,
                free=_free(chat, candidate, waiting, policy, load),
                reason=exclusion(candidate, chat.brand_id, chat.channel, waiting.team_ids),
            )
        )
    return rooms


def free_slots(chat: Conversation, agent: Agent) -> int:
    """Return how many chats like `chat` the limit of `agent` leaves, who need not be here."""
    load = load_of([agent.pk])
    [waiting], policy = read_queue(Conversation.objects.filter(pk=chat.pk), load)
    candidate = as_candidate(agent, access_of(agent), load, is_present=True)
    return _free(chat, candidate, waiting, policy, load)


def _free(
    chat: Conversation, candidate: Candidate, waiting: Waiting, policy: Policy, load: Load
) -> int:
    own = load.ringing.get(chat.pk) == candidate.id
    own = own or (chat.holds_slot and chat.assignee_id == candidate.id)
    return policy.limit(candidate, chat.brand_id, waiting.team_ids) - (candidate.held - own)


def teams_for(
    chat: Conversation, *, now: datetime, team_ids: Iterable[int] | None = None
) -> list[TeamRoom]:
    """Return the teams (of these, if given) in which anybody else answers chats like `chat`."""
    teams = Team.objects.order_by("sort_name", "name", "pk")
    if team_ids is not None:
        teams = teams.filter(pk__in=list(team_ids))
    members = Agent.objects.filter(is_active=True, teams__in=teams.order_by()).distinct()
    people = list(with_presence(members.exclude(pk=chat.assignee_id or 0), now))
    accesses = accesses_of(people)
    found = []
    for team in teams:
        able = [
            agent
            for agent in people
            if accesses[agent.pk].may_take(chat.brand_id, chat.channel, {team.pk})
        ]
        if able:
            online = [each for each in able if each.status == Status.ONLINE and each.here]
            found.append(TeamRoom(team=team, online=len(online)))
    return found
