"""Whose tickets are: from one customer to another, and back.

The order of locks goes on from that of chats: tickets by primary key, then customers by theirs.
"""

from collections.abc import Collection

from django.db.models import QuerySet

from config.events import publish
from tickets.events import TicketChanged
from tickets.models import Contact, Ticket
from tickets.operations.lines import words_of, write_search


def lock_tickets(tickets: QuerySet[Ticket]) -> list[Ticket]:
    """Lock tickets in the order of their keys and return them fresh."""
    return list(tickets.select_for_update(no_key=True, of=("self",)).order_by("pk"))


def lock_contacts(ids: Collection[int]) -> dict[int, Contact]:
    """Lock customers in the order of their keys and return them fresh, by primary key."""
    rows = Contact.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids)
    return {contact.pk: contact for contact in rows.order_by("pk")}


def give_tickets(*, tickets: Collection[Ticket], to: Contact) -> None:
    """Make locked tickets a locked customer's; a search finds them by the new name too."""
    if known := words_of(to):
        for ticket in tickets:
            ticket.search = f"{known}\n{ticket.search}"
    _save(tickets, to)


def give_back_tickets(*, tickets: Collection[Ticket], before: Contact, to: Contact) -> None:
    """Make locked tickets another's again: they are found as they were before.

    Where something else stands before the name by now, all words are found anew.
    """
    gone = words_of(before)
    for ticket in tickets:
        ticket.contact = to
        if gone and ticket.search.startswith(f"{gone}\n"):
            ticket.search = ticket.search.removeprefix(f"{gone}\n")
        elif gone:
            write_search(ticket)
    _save(tickets, to)


def _save(tickets: Collection[Ticket], to: Contact) -> None:
    for ticket in tickets:
        ticket.contact = to
        publish(TicketChanged.of(ticket, "customer"))
    Ticket.objects.bulk_update(tickets, ["contact", "search"], batch_size=200)
