"""Whose time a reader may see: agents of the roles that hold *reports*, as filtered."""

from agents.access import Access, Reach, accesses_of
from agents.models import Agent, Brand, Permission, Role, Team
from reports.filters import Filters


def people_of(filters: Filters, access: Access) -> list[int]:
    """Return the keys of the agents, disabled ones included, by name.

    Own scope: oneself; team scope: those of the teams; a role of some brands or channels reaches
    those who work there.
    """
    reaches = access.reaches(Permission.REPORTS)
    agents = Agent.objects.order_by("sort_name", "pk")
    if Brand.objects.filter(is_demo=False).exists():
        agents = agents.filter(is_demo=False)
    if filters.agent:
        agents = agents.filter(public_id=filters.agent)
    if filters.team is not None:
        agents = agents.filter(teams=filters.team)
    people = list(agents)
    is_narrow = filters.brand is not None or not any(map(_is_whole, reaches))
    accesses = accesses_of(people) if is_narrow and reaches else {}
    team_ids = {team for reach in reaches for team in reach.team_ids}
    members = _members(team_ids) if is_narrow else {}
    return [
        agent.pk
        for agent in people
        if any(
            _is_whole(reach) or _reaches(reach, accesses[agent.pk], access, members)
            for reach in reaches
        )
        and (filters.brand is None or _works_for(accesses[agent.pk], filters.brand))
    ]


def _is_whole(reach: Reach) -> bool:
    return reach.scope == Role.Scope.ALL and reach.brand_ids is None and reach.channels is None


def _members(team_ids: set[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    rows = Team.agents.through.objects.filter(team__in=team_ids)
    for team_id, agent_id in rows.values_list("team_id", "agent_id"):
        found.setdefault(team_id, set()).add(agent_id)
    return found


def _reaches(reach: Reach, other: Access, access: Access, members: dict[int, set[int]]) -> bool:
    if other.agent_id == access.agent_id:
        return True
    if reach.scope == Role.Scope.OWN:
        return False
    if reach.scope == Role.Scope.TEAM:
        ours = any(other.agent_id in members.get(team, ()) for team in reach.team_ids)
        return ours and meets(reach, other)
    return meets(reach, other)


def meets(reach: Reach, other: Access) -> bool:
    """Return whether somebody works where a role reaches."""
    if other.everything:
        return True
    return any(
        (reach.brand_ids is None or theirs.brand_ids is None or reach.brand_ids & theirs.brand_ids)
        and (reach.channels is None or theirs.channels is None or reach.channels & theirs.channels)
        for theirs in other.reaches(*Permission)
    )


def _works_for(other: Access, brand_id: int) -> bool:
    reached = other.brand_ids()
    return other.everything or reached is None or brand_id in reached
