"""What an agent may do with a ticket: whoever sees it may work on it.

A door asks before it shows something or calls an operation; the operation asks again under its
lock, for roles and assignees change meanwhile.
"""

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Q
from django.utils.translation import gettext_lazy

from agents.access import Access, access_of, accesses_of
from agents.actors import Actor, person
from agents.models import Agent, Permission
from tickets.models import Contact, Ticket
from tickets.models.querysets import brands_elsewhere, unseen_elsewhere
from tickets.places import place_of, reaches

# Why some of a customer is not to be changed.
OTHERS_ANSWER = gettext_lazy(
    "Colleagues answer this customer in tickets or chats that you may not see. Ask somebody who"
    " sees all of them."
)
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


def who_sees(ticket: Ticket) -> list[int]:
    """Return the agents who may see a ticket."""
    place = place_of(ticket)
    accesses = accesses_of(Agent.objects.filter(is_active=True))
    return sorted(pk for pk, access in accesses.items() if reaches(access, place))


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


class OthersAnswer(CustomerNotAuthorised):
    """Colleagues answer the customer where the agent may not read; `fields` are not theirs to
    change."""

    def __init__(self, *fields: str) -> None:
        super().__init__(*fields)
        self.fields = fields


def may_merge(access: Access) -> bool:
    """Return whether somebody may make two customers one, and two again."""
    return access.may(Permission.TICKETS) or access.may(Permission.SUPERVISE)


def brands_met(access: Access) -> frozenset[int] | None:
    """Return the brands whose customers somebody meets; None means all."""
    found: set[int] = set()
    for reach in access.reaches(*_WITH_CUSTOMERS, Permission.ARCHIVE):
        if reach.brand_ids is None:
            return None
        found |= reach.brand_ids
    return frozenset(found)


def brands_of_customer(contact: Contact) -> set[int]:
    """Return the brands that a customer has had to do with."""
    found = set(Ticket.objects.filter(contact=contact).values_list("brand", flat=True).distinct())
    for source in brands_elsewhere:
        found |= {brand_id for (brand_id,) in source(contact.pk).distinct()}
    return found


def knows_all_of(access: Access, contact: Contact) -> bool:
    """Return whether no other brand has anything to do with a customer.

    What they are called and where they are reached is the same for all brands: it is changed by who
    knows all of it.
    """
    met = brands_met(access)
    return met is None or brands_of_customer(contact) <= met


def may_correct(access: Access, contact: Contact) -> bool:
    """Return whether somebody may change what is the same of a customer for all brands."""
    return may_work_on_customers(access) and knows_all_of(access, contact)


def answers_all_of(access: Access, contact: Contact) -> bool:
    """Return whether the agent sees all tickets and open chats of a customer.

    Answers go to where the customer is reached: whoever changes that, or makes the customer
    another, has those of colleagues go there as well.
    """
    if access.everything:
        return True
    own = Ticket.objects.filter(contact=contact)
    unseen = own.exclude(pk__in=own.visible_to(access).values("pk"))
    elsewhere = (source(contact.pk, access) for source in unseen_elsewhere)
    # Asked at once: this stands beside every ticket.
    anywhere = Q(*(Exists(rows) for rows in (unseen, *elsewhere)), _connector=Q.OR)
    return not Contact.objects.filter(anywhere, pk=contact.pk).exists()


def may_make_one(access: Access, contact: Contact) -> bool:
    """Return whether somebody may merge this customer with another."""
    return may_merge(access) and knows_all_of(access, contact) and answers_all_of(access, contact)


def known_to(access: Access) -> Q:
    """Return which addresses, numbers and notes were not told to other brands alone."""
    met = brands_met(access)
    return Q() if met is None else Q(brand=None) | Q(brand__in=met)


def lock_customer(contact: Contact, *, by: Agent, whole: bool = True) -> Contact:
    """Return the row, locked; raise `CustomerNotAuthorised` unless `by` may work on it now.

    `whole`: on what is the same for all brands.
    """
    access = access_of(by)
    locked: Contact = Contact.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=contact.pk
    )
    visible = Contact.objects.visible_to(access).filter(pk=contact.pk, merged_into=None)
    if not may_work_on_customers(access) or not visible.exists():
        raise CustomerNotAuthorised
    if whole and not knows_all_of(access, locked):
        raise CustomerNotAuthorised
    return locked


def lock_ticket(ticket: Ticket, *, by: Actor) -> Ticket:
    """Return the row, locked; raise `TicketNotAuthorised` unless `by` may work on it now.

    A rule may, as the product itself, which asks only whose ticket it is.
    """
    related = ("brand", "contact", "topic", "team", "assignee") if by else ("brand", "contact")
    rows = Ticket.objects.select_for_update(no_key=True, of=("self",)).select_related(*related)
    locked: Ticket = rows.get(pk=ticket.pk)
    agent = person(by)
    if agent is not None and not sees(access_of(agent), locked):
        raise TicketNotAuthorised
    return locked
