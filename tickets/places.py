"""Where a ticket stands, and who may see it there."""

from collections.abc import Sequence
from typing import TypedDict

from agents.access import Access, teams_of
from agents.models import Permission, Role
from tickets.models import Ticket


class Place(TypedDict):
    """Where a ticket stands: all that decides who may see it."""

    brand: int
    teams: Sequence[int]
    assignee: int | None


def place_of(ticket: Ticket) -> Place:
    """Return where a ticket stands."""
    return Place(brand=ticket.brand_id, teams=sorted(teams_of(ticket)), assignee=ticket.assignee_id)


def reaches(access: Access, place: Place) -> bool:
    """Return whether the agent may see a ticket that stands there, as `visible_to` says of rows.

    For what rings at hundreds of screens at once: nothing is read.
    """
    if access.everything:
        return True
    is_mine = place["assignee"] == access.agent_id
    for reach in access.reaches(Permission.TICKETS):
        if reach.brand_ids is not None and place["brand"] not in reach.brand_ids:
            continue
        is_free = place["assignee"] is None or reach.scope != Role.Scope.OWN
        is_ours = is_free and not reach.team_ids.isdisjoint(place["teams"])
        if reach.scope == Role.Scope.ALL or is_mine or is_ours:
            return True
    return False
