"""Senders from whom no mail is wanted."""

from datetime import datetime

from django.db import transaction

from agents.models import Agent, Brand
from tickets.models import BlockedSender, Entry, Identity, Ticket
from tickets.models.identity import folded
from tickets.operations.changes import WrongValue
from tickets.operations.lines import append, keep
from tickets.rights import lock_ticket


def blocked_as(address: str) -> str:
    """Return an address as blocked ones are compared."""
    return folded(Identity.Kind.EMAIL, address)


def is_blocked(address: str, *, brand: Brand, now: datetime) -> bool:
    """Return whether a brand wants no mail from an address now."""
    blocks = BlockedSender.objects.filter(address=blocked_as(address))
    return any(block.counts_for(brand, now=now) for block in blocks)


@transaction.atomic
def block_sender(*, ticket: Ticket, by: Agent, now: datetime, reason: str = "") -> Ticket:
    """Take no more mail from a ticket's customer, for its brand; the ticket itself is spam.

    Raises `WrongValue` where no address is theirs, or `TicketNotAuthorised`: who wants somebody
    else's mail to be lost only has to type their address into the widget.
    """
    locked = lock_ticket(ticket, by=by)
    address = blocked_as(locked.contact.email)
    if not address or not locked.contact.is_email_verified:
        raise WrongValue
    BlockedSender.objects.update_or_create(
        address=address,
        brand=locked.brand,
        defaults={"reason": reason[:200], "until": None, "agent": by, "created_at": now},
    )
    _note(locked, address, is_blocked=True, by=by, now=now)
    locked.is_spam = True
    keep(locked, what="spam", now=now, fields=["is_spam"])
    return locked


@transaction.atomic
def unblock_sender(*, ticket: Ticket, by: Agent, now: datetime) -> Ticket:
    """Take mail from a ticket's customer again, and have the ticket back with the others.

    What an administrator blocked for all brands stays so. Raises `TicketNotAuthorised`.
    """
    locked = lock_ticket(ticket, by=by)
    address = blocked_as(locked.contact.email)
    own = BlockedSender.objects.filter(address=address, brand=locked.brand)
    gone, _rows = own.delete()
    if gone:
        _note(locked, address, is_blocked=False, by=by, now=now)
        locked.is_spam = False
        keep(locked, what="spam", now=now, fields=["is_spam"])
    return locked


def _note(ticket: Ticket, address: str, *, is_blocked: bool, by: Agent, now: datetime) -> None:
    data = {"field": "sender", "from": str(not is_blocked), "to": str(is_blocked)}
    append(ticket, kind=Entry.Kind.CHANGED, by=by, now=now, data=data | {"address": address})
