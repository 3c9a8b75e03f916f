"""Facts of tickets as figures see them: as filtered and for these eyes."""

from typing import Any

from django.db.models import Q, QuerySet

from agents.access import Access, any_of, of_teams
from agents.models import Permission, Role
from reports.filters import Filters
from reports.models import TicketFact, demo_beside_real


def tickets_for(filters: Filters, access: Access) -> QuerySet[Any]:
    """Return the tickets of any time that count, as filtered, where *reports* reaches.

    A ticket has no channel, so only brands narrow a role, as on the ticket pages.
    """
    found = TicketFact.objects.filter(is_counted=True)
    if demo := demo_beside_real():
        found = found.exclude(brand__in=demo)
    allowed = []
    for reach in access.reaches(Permission.REPORTS):
        mine = Q(assignee=access.agent_id)
        if reach.scope == Role.Scope.TEAM:
            mine |= of_teams(reach.team_ids)
        elif reach.scope == Role.Scope.ALL:
            mine = Q()
        allowed.append(mine & reach.brands())
    reached = any_of(allowed)
    if reached is None:
        return found.none()
    found = found.filter(reached)
    if filters.brand is not None:
        found = found.filter(brand=filters.brand)
    if filters.topic is not None:
        found = found.filter(topic=filters.topic)
    if filters.team is not None:
        found = found.filter(of_teams([filters.team]))
    if filters.agent:
        found = found.filter(assignee__public_id=filters.agent)
    return found
