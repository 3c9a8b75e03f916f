"""Saying that two customers are two people, whatever address or number they share."""

from datetime import datetime

from django.db import transaction

from agents.audit import record
from agents.models import Agent
from tickets.models import Apart, Contact
from tickets.rights import lock_customer


@transaction.atomic
def tell_apart(*, contact: Contact, other: Contact, by: Agent, now: datetime) -> None:
    """Suggest neither of two customers at the other any more; again changes nothing.

    Raises `CustomerNotAuthorised`.
    """
    if contact.pk == other.pk:
        return
    one, two = (
        lock_customer(each, by=by, whole=False)
        for each in sorted((contact, other), key=lambda each: each.pk)
    )
    _row, is_new = Apart.objects.get_or_create(
        contact=one, other=two, defaults={"agent": by, "created_at": now}
    )
    if is_new:
        record("contact.told_apart", one, by=by, other=two.pk)
