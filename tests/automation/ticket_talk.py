"""Tickets that rules look at, and what is said and noted in them."""

from django.utils import timezone

from tickets.models import Entry, Ticket
from tickets.operations.contacts import create_contact
from tickets.operations.customers_words import hear_customer
from tickets.operations.entries import Said
from tickets.operations.tickets import open_ticket


def opened(brand, *, text="Kargom nerede?", email="ipek@example.com", **more) -> Ticket:
    now = timezone.now()
    told = {"topic": None, "subject": "İade nasıl olur?", "source": Ticket.Source.EMAIL, "by": None}
    return open_ticket(
        brand=brand,
        contact=create_contact(name="İpek", email=email, language="tr", now=now),
        said=[Said(body=text, at=now)],
        language="tr",
        data={},
        origin_key=None,
        now=now,
        **told | more,
    )


def word(ticket: Ticket, text: str, **data) -> Entry:
    now = timezone.now()
    return hear_customer(ticket=ticket, body=text, data=data, source="email", now=now)


def note(text: str) -> dict:
    return {"action": "note", "text": {"tr": text}}


def notes(ticket: Ticket) -> list[str]:
    lines = ticket.entries.filter(kind="note", author_kind="bot").order_by("seq")
    return list(lines.values_list("body", flat=True))


def condition(field, operator="is", value=None) -> dict:
    return {"field": field, "operator": operator, "value": value}
