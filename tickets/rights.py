"""What an agent may do with a ticket: whoever sees it may work on it.

A door asks before it shows something or calls an operation; the operation asks again under its
lock, for roles and assignees change meanwhile.
"""

from django.core.exceptions import PermissionDenied

from agents.access import Access, access_of
from agents.models import Agent, Permission
from tickets.models import Ticket


class TicketNotAuthorised(PermissionDenied):
    """The agent may not do this with this ticket (any more)."""


def sees(access: Access, ticket: Ticket) -> bool:
    """Return whether the agent may see the ticket."""
    return Ticket.objects.visible_to(access).filter(pk=ticket.pk).exists()


def may_open(access: Access, brand_id: int) -> bool:
    """Return whether the agent may open tickets of a brand."""
    return any(
        reach.brand_ids is None or brand_id in reach.brand_ids
        for reach in access.reaches(Permission.TICKETS)
    )


def lock_ticket(ticket: Ticket, *, by: Agent | None) -> Ticket:
    """Return the row, locked; raise `TicketNotAuthorised` unless `by` may work on it now."""
    locked: Ticket = (
        Ticket.objects.select_for_update(no_key=True, of=("self",))
        .select_related("brand", "contact", "topic", "team", "assignee")
        .get(pk=ticket.pk)
    )
    if by is not None and not sees(access_of(by), locked):
        raise TicketNotAuthorised
    return locked
