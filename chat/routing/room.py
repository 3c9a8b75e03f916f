"""Who could have one certain chat: colleagues with their free slots, and teams."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agents.access import accesses_of
from agents.models import Agent, Status, Team
from chat.models import Conversation
from chat.routing.candidates import as_candidates, load_of, read_queue, with_presence
from chat.routing.decision import Reason, exclusion


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


def rooms_for(chat: Conversation, agents: Iterable[Agent]) -> list[Openness]:
    """Return what room these agents (with `is_here`) have for `chat`, as routing sees it.

    A slot that the chat itself takes (it rings at the agent, or is in wrap-up there) is free.
    """
    people = list(agents)
    load = load_of([agent.pk for agent in people])
    [waiting], policy = read_queue(Conversation.objects.filter(pk=chat.pk), load)
    rooms = []
    for agent, candidate in zip(people, as_candidates(people, load), strict=True):
        own = load.ringing.get(chat.pk) == agent.pk
        own = own or (chat.holds_slot and chat.assignee_id == agent.pk)
        limit = policy.limit(candidate, chat.brand_id, waiting.team_ids)
        rooms.append(
            Openness(
                agent=agent,
                free=limit - (candidate.held - own),
                reason=exclusion(candidate, chat.brand_id, chat.channel, waiting.team_ids),
            )
        )
    return rooms


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
            here = [
                each.status == Status.ONLINE and getattr(each, "is_here", False) for each in able
            ]
            found.append(TeamRoom(team=team, online=sum(here)))
    return found
