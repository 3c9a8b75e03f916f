"""Whose time a reader may see: agents of the roles that hold *reports*, as filtered."""

from agents.access import Access, Reach, last_accesses_of, reaches_agent
from agents.models import Agent, Brand, Permission, Role
from reports.filters import Filters


def people_of(filters: Filters, access: Access) -> list[int]:
    """Return the keys of the agents, disabled ones by what they had, by name.

    Own scope: oneself; team scope: those of the teams; a role of some brands or channels reaches
    those who work there.
    """
    reaches = access.reaches(Permission.REPORTS)
    if not reaches:
        return []
    agents = Agent.objects.order_by("sort_name", "pk")
    if Brand.objects.filter(is_demo=False).exists():
        agents = agents.filter(is_demo=False)
    if filters.agent:
        agents = agents.filter(public_id=filters.agent)
    if filters.team is not None:
        agents = agents.filter(teams=filters.team)
    people = list(agents)
    sees_all = any(map(_is_whole, reaches))
    accesses = last_accesses_of(people) if not sees_all or filters.brand is not None else {}
    return [
        agent.pk
        for agent in people
        if (
            sees_all
            or agent.pk == access.agent_id
            or any(reaches_agent(reach, accesses[agent.pk]) for reach in reaches)
        )
        and (filters.brand is None or works_for(accesses[agent.pk], filters.brand))
    ]


def _is_whole(reach: Reach) -> bool:
    return reach.scope == Role.Scope.ALL and reach.brand_ids is None and reach.channels is None


def works_for(other: Access, brand_id: int) -> bool:
    """Return whether any role of somebody holds for a brand."""
    reached = other.brand_ids()
    return reached is None or brand_id in reached
