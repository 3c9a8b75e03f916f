"""What a ticket hears of answers that did not arrive."""

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.events import TicketUndelivered
from tickets.mail.words import REASONS
from tickets.models import Delivery, Entry, Ticket
from tickets.operations.changes import apply_changes
from tickets.operations.lines import append, keep
from tickets.rights import lock_ticket

_CAME_BACK = _("The e-mail to %(address)s came back. %(reason)s")
_FAILED = _("The e-mail to %(address)s was not delivered. %(reason)s")
_GIVEN_UP = _("It was tried for two days.")


def note_came_back(delivery: Delivery, code: str, now: datetime) -> None:
    """Note in the ticket that an answer came back, and have its agent hear of it."""
    _note(delivery, _CAME_BACK, REASONS.get(code, code), now)


def note_failed(delivery: Delivery, code: str, now: datetime) -> None:
    """Note in the ticket that a server takes an answer neither now nor later; "" for: it was tried
    until it was given up.
    """
    _note(delivery, _FAILED, REASONS.get(code, code) if code else _GIVEN_UP, now)


@transaction.atomic
def _note(delivery: Delivery, text: Promise, why: str | Promise, now: datetime) -> None:
    locked = lock_ticket(delivery.entry.ticket, by=None)
    with translation.override(locked.language):
        body = str(text) % {"address": delivery.address, "reason": why}
    entry = append(locked, kind=Entry.Kind.NOTE, by=None, now=now, body=body)
    # The customer has not read what they should answer.
    wakes: set[str] = {Ticket.Status.WAITING}
    if delivery.entry.author_kind == Entry.AuthorKind.AGENT:
        # Nor what solved it. Words of rules solve nothing.
        wakes.add(Ticket.Status.RESOLVED)
    fields: list[str] = []
    if locked.status in wakes:
        fields = apply_changes(locked, by=None, now=now, changes={"status": Ticket.Status.OPEN})
    told = TicketUndelivered(ticket_id=locked.pk, seq=entry.seq, address=delivery.address)
    keep(locked, what="delivery", now=now, fields=fields, events=[told])
