"""What an agent may do with a ticket: whoever sees it may work on it.

A door asks before it shows something or calls an operation; the operation asks again under its
lock, for roles and assignees change meanwhile.
"""

from django.core.exceptions import PermissionDenied

from agents.access import Access, access_of, accesses_of
from agents.models import Agent, Permission
from tickets.models import Contact, Ticket
from tickets.places import place_of, reaches

_WITH_CUSTOMERS = (Permission.CHAT, Permission.TICKETS, Permission.SUPERVISE)


class TicketNotAuthorised(PermissionDenied):
    """The agent may not do this with this ticket (any more)."""


def sees(access: Access, ticket: Ticket) -> bool:
    """Return whether the agent may see the ticket."""
    return Ticket.objects.visible_to(access).filter(pk=ticket.pk).exists()


def who_works_on(ticket: Ticket) -> list[int]:
    """Return the agents of a ticket's teams who may see it; where there is none, all who may."""
    place = place_of(ticket)
    accesses = accesses_of(Agent.objects.filter(is_active=True))
    seeing = sorted(pk for pk, access in accesses.items() if reaches(access, place))
    ours = [pk for pk in seeing if not accesses[pk].team_ids.isdisjoint(place["teams"])]
    return ours or seeing


def may_open(access: Access, brand_id: int) -> bool:
    """Return whether the agent may open tickets of a brand."""
    return any(
        reach.brand_ids is None or brand_id in reach.brand_ids
        for reach in access.reaches(Permission.TICKETS)
    )


class CustomerNotAuthorised(PermissionDenied):
    """The agent may not do this with this customer (any more)."""


def may_see_customers(access: Access) -> bool:
    """Return whether somebody meets customers at all."""
    return any(access.may(each) for each in (*_WITH_CUSTOMERS, Permission.ARCHIVE))


def may_work_on_customers(access: Access) -> bool:
    """Return whether somebody may note, correct and link of the customers they see."""
    return any(access.may(each) for each in _WITH_CUSTOMERS)


def may_merge(access: Access) -> bool:
    """Return whether somebody may make two customers one, and two again."""
    return access.may(Permission.TICKETS) or access.may(Permission.SUPERVISE)


def lock_customer(contact: Contact, *, by: Agent) -> Contact:
    """Return the row, locked; raise `CustomerNotAuthorised` unless `by` may work on it now."""
    access = access_of(by)
    locked: Contact = Contact.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=contact.pk
    )
    visible = Contact.objects.visible_to(access).filter(pk=contact.pk, merged_into=None)
    if not may_work_on_customers(access) or not visible.exists():
        raise CustomerNotAuthorised
    return locked


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
