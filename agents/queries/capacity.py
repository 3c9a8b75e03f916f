"""How many chats an agent may hold: the agent's own limit, else the teams', else the brands'."""

from collections.abc import Iterable, Mapping

from agents.access import Access
from agents.models import Agent, Brand, Team


def pick_limit(agent: Agent, *, teams: Iterable[int | None], brands: Iterable[int]) -> int:
    """Return the limit that counts, of those of the agent's teams and brands."""
    if agent.capacity is not None:
        return agent.capacity
    of_teams = [limit for limit in teams if limit is not None]
    return max(of_teams) if of_teams else max(brands, default=0)


def limits_of(agents: Iterable[Agent], accesses: Mapping[int, Access]) -> dict[int, int]:
    """Return the limit of each agent by primary key, in two queries however many they are."""
    of_team = dict(Team.objects.values_list("pk", "capacity"))
    of_brand = dict(Brand.objects.filter(is_active=True).values_list("pk", "capacity"))

    def limit(agent: Agent, access: Access) -> int:
        reached = access.brand_ids()
        brands = [limit for pk, limit in of_brand.items() if reached is None or pk in reached]
        teams = [of_team[pk] for pk in access.team_ids if pk in of_team]
        return pick_limit(agent, teams=teams, brands=brands)

    return {agent.pk: limit(agent, accesses[agent.pk]) for agent in agents}
