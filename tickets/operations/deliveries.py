"""Answers on their way: who gets one, and what became of it."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from agents.audit import record
from agents.models import Agent
from config.events import publish
from config.mail import is_address, mailbox
from config.outbox.operations import enqueue
from tickets.events import TicketChanged
from tickets.models import Delivery, Entry, Mailbox, MailId, Ticket
from tickets.models.mailbox import mailbox_of, our_addresses, server_of
from tickets.operations.addresses import HARD, dead_of, mark_alive, mark_dead
from tickets.operations.changes import WrongValue
from tickets.operations.sending import Begun, begin, settle
from tickets.operations.waiting import hasten_mails
from tickets.rights import lock_ticket
from tickets.tokens import new_message_id

DELIVER = "ticket.delivery"
# Not sent: mail to this address came back for good.
HELD = "dead"


def queue_answer(
    *, entry: Entry, ticket: Ticket, leaves_at: datetime, now: datetime
) -> list[Delivery]:
    """Have a public reply leave for everybody it is for, in the caller's transaction."""
    own = mailbox_of(ticket.brand_id)
    given = [str(entry.data.get("to", "")), *entry.data.get("cc", ())]
    to = _distinct(given)
    if not to:
        return []
    message_id = new_message_id(ticket, own)
    MailId.objects.create(ticket=ticket, entry=entry, message_id=message_id, is_ours=True)
    ours = our_addresses()
    dead = dead_of(to)
    made = []
    for address in to:
        delivery = Delivery(
            entry=entry,
            address=address,
            message_id=message_id,
            created_at=now,
            changed_at=now,
        )
        if not is_address(address):
            delivery.state, delivery.code = Delivery.State.FAILED, "no_address"
        elif address.casefold() in ours:
            # It would come straight back.
            delivery.state, delivery.code = Delivery.State.FAILED, "own"
        elif address.casefold() in dead:
            delivery.state, delivery.code = Delivery.State.FAILED, HELD
        delivery.save()
        if delivery.state == Delivery.State.QUEUED:
            _enqueue(delivery, own, at=leaves_at)
        made.append(delivery)
    return made


def _distinct(addresses: Iterable[str]) -> list[str]:
    """Return each address once, as the mail server gets it."""
    found: dict[str, str] = {}
    for each in addresses:
        address = each.strip()[:254]
        if is_address(address):
            # What can't be spelled for a server is told as it was typed.
            with suppress(ValueError):
                address = mailbox(address)
        if address:
            found.setdefault(address.casefold(), address)
    return list(found.values())


def _enqueue(delivery: Delivery, own: Mailbox | None, *, at: datetime) -> None:
    payload = {
        "delivery": delivery.pk,
        "attempt": delivery.attempts,
        "server": server_of(own),
    }
    key = f"{DELIVER}:{delivery.pk}:{delivery.attempts}"
    enqueue(kind=DELIVER, key=key, payload=payload, available_at=at)


@transaction.atomic
def begin_delivery(*, delivery: Delivery, attempt: int, now: datetime) -> bool:
    """Return whether the mail is to be handed over now; committed before it is.

    Whoever finds it being handed over has taken the work of a process that vanished meanwhile.
    """
    begun = begin(delivery, attempt=attempt, now=now)
    if begun == Begun.LOST:
        _tell(delivery)
    return begun == Begun.OURS


@transaction.atomic
def end_delivery(
    *, delivery: Delivery, state: str, code: str = "", detail: str = "", now: datetime
) -> bool:
    """Note what became of a mail; one that may still be taken is tried again later.

    Return whether it failed for good.
    """
    locked = Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)
    if state == Delivery.State.FAILED and code == HARD:
        mark_dead(address=locked.address, detail=detail, now=now)
    if again_at := settle(locked, state=state, code=code, detail=detail, now=now):
        _enqueue(locked, mailbox_of(locked.entry.ticket.brand_id), at=again_at)
    _tell(locked)
    return locked.state == Delivery.State.FAILED


@transaction.atomic
def confirm_address(*, ticket: Ticket, address: str, by: Agent, now: datetime) -> int:
    """Say that an address is right although mail came back: it is mailed again.

    What was held back of this ticket leaves now; return how many mails. Again changes nothing.
    Raises `TicketNotAuthorised`, or `WrongValue` of an address that this ticket never mailed.
    """
    locked = lock_ticket(ticket, by=by)
    mailed = Delivery.objects.filter(entry__ticket=locked, address__iexact=address)
    if address.casefold() != locked.contact.email.casefold() and not mailed.exists():
        raise WrongValue
    was_dead = mark_alive(address=address)
    held = Delivery.objects.select_for_update(no_key=True, of=("self",)).filter(
        entry__ticket=locked, state=Delivery.State.FAILED, code=HELD, address__iexact=address
    )
    waiting, own = list(held.order_by("pk")), mailbox_of(locked.brand_id)
    for delivery in waiting:
        delivery.state, delivery.code = Delivery.State.QUEUED, ""
        delivery.created_at = delivery.changed_at = now
        delivery.save(update_fields=["state", "code", "created_at", "changed_at"])
        _enqueue(delivery, own, at=now)
    if was_dead or waiting:
        record("address.confirmed", locked, by=by, email=address)
        publish(TicketChanged.of(locked, "delivery"))
    return len(waiting)


def _tell(delivery: Delivery) -> None:
    """Have screens that show the ticket look again."""
    publish(TicketChanged.of(delivery.entry.ticket, "delivery"))


def note_server(*, mailbox: Mailbox, error: str, now: datetime) -> None:
    """Keep what the brand's mail server last did: took a mail (no `error`), or failed."""
    rows = Mailbox.objects.filter(pk=mailbox.pk)
    if error:
        rows.update(send_error=error, send_error_at=now)
        return
    is_mended = rows.exclude(send_error="").exists()
    rows.update(send_error="", sent_at=now)
    if is_mended:
        hasten_mails(mailbox=mailbox, now=now)


def deliveries_of(brand_id: int) -> QuerySet[Delivery]:
    """Return the answers of a brand on their way, or there."""
    return Delivery.objects.filter(entry__ticket__brand=brand_id)
