"""Mail to whoever a ticket is for: what is said automatically, and the ticket's number.

Never the customer's own words: anybody may type anybody's address into a form.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from config.mail import is_address, mailbox, send_once
from config.outbox.operations import RetryAfter, enqueue
from config.web.rate_limits import (
    CONFIRMATIONS,
    CONFIRMATIONS_A_DAY,
    LINKS,
    LINKS_A_DAY,
    RULE_MAILS,
    TICKET_MAILS_BY_BRAND,
    TICKET_MAILS_BY_EMAIL,
    TooMany,
    mailbox_key,
    spend,
)
from tickets.mail.answers import references_of
from tickets.mail.letters import AUTOMATIC, Letter, letter
from tickets.mail.servers import mailer_of
from tickets.models import Mailbox, MailId, Ticket
from tickets.models.mailbox import mailbox_of, server_of
from tickets.operations.addresses import is_dead
from tickets.tokens import new_message_id, sender_of

MAIL = "ticket.mail"
# So long a rule or an agent may be quicker to tell the number.
PATIENCE = timedelta(seconds=30)


def send_ticket_mail(*, ticket: Ticket, to: str, subject: str, text: str, key: str) -> None:
    """Have a mail sent, once for each `key`. Raises `TooMany` for a mailbox or brand."""
    _spend(ticket, to)
    payload = {"to": to, "subject": subject, "text": text}
    _enqueue(ticket, mailbox_of(ticket.brand_id), key=key, payload=payload)


def send_house_mail(*, ticket: Ticket, to: str, subject: str, text: str, key: str) -> None:
    """Have a mail sent to an address of the house's own, which an admin typed, once for each `key`.

    What is too much for the address is not lost: it leaves later.
    """
    payload = {"to": to, "subject": subject, "text": text, "is_house": True}
    _enqueue(ticket, mailbox_of(ticket.brand_id), key=key, payload=payload)


def _spend(ticket: Ticket, to: str) -> None:
    spend(TICKET_MAILS_BY_EMAIL, mailbox_key(to))
    spend(TICKET_MAILS_BY_BRAND, f"brand:{ticket.brand_id}")


def _enqueue(
    ticket: Ticket,
    own: Mailbox | None,
    *,
    key: str,
    payload: dict[str, Any],
    at: datetime | None = None,
) -> None:
    whose = {"ticket": ticket.pk, "server": server_of(own)}
    enqueue(kind=MAIL, key=f"{MAIL}:{key}", payload=payload | whose, available_at=at)


def confirm_ticket(*, ticket: Ticket, own: Mailbox, to: str) -> bool:
    """Have the number of a new ticket sent to whoever opened it by mail; return whether it is.

    Once for a ticket, and now and then for an address: who answers each mail of ours is a machine.
    """
    if not own.acknowledges:
        return False
    with translation.override(ticket.language):
        subject = gettext("We have received your e-mail")
        text = gettext("Your e-mail has become ticket #%(number)d. We will answer it by e-mail.")
    try:
        for limit in (CONFIRMATIONS, CONFIRMATIONS_A_DAY):
            spend(limit, mailbox_key(to))
        _spend(ticket, to)
    except TooMany:
        return False
    payload = {"to": to, "subject": subject, "text": text % {"number": ticket.pk}}
    _enqueue(ticket, own, key=f"confirmed:{ticket.pk}", payload=payload)
    return True


def confirm_chat(*, ticket: Ticket, to: str, now: datetime) -> bool:
    """Have the number of a ticket that was made of a chat sent to its customer, once, unless
    another mail of the ticket has left before; return whether it shall be.
    """
    own = mailbox_of(ticket.brand_id)
    if (own is not None and not own.acknowledges) or not is_address(to):
        return False
    with translation.override(ticket.language):
        subject = gettext("Your chat with us")
        text = gettext("Your chat has become ticket #%(number)d. We will answer it by e-mail.")
    try:
        for limit in (CONFIRMATIONS, CONFIRMATIONS_A_DAY):
            spend(limit, mailbox_key(to))
        _spend(ticket, to)
    except TooMany:
        return False
    payload = {
        "to": to,
        "subject": subject,
        "text": text % {"number": ticket.pk},
        "alone": new_message_id(ticket, own),
    }
    _enqueue(ticket, own, key=f"confirmed:{ticket.pk}", payload=payload, at=now + PATIENCE)
    return True


def renews_link(ticket: Ticket) -> bool:
    """Return whether a new link to a ticket's page can be sent to its customer at all."""
    to = ticket.address
    return is_address(to) and not is_dead(to)


def renew_link(*, ticket: Ticket) -> None:
    """Have a new link to a ticket's page sent to its customer; now and then, not at each press.

    Raises `TooMany` when one was lately, or `ValueError` when there is nobody to send it to.
    """
    if not renews_link(ticket):
        raise ValueError("no address")
    for limit in (LINKS, LINKS_A_DAY):
        spend(limit, f"ticket:{ticket.pk}")
    with translation.override(ticket.language):
        subject, text = gettext("Your link"), gettext("Here is a new link to your ticket.")
    payload = {"to": ticket.address, "subject": subject, "text": text}
    key = f"renewed:{secrets.token_urlsafe(12)}"
    _enqueue(ticket, mailbox_of(ticket.brand_id), key=key, payload=payload)


def mail_ticket(payload: dict[str, Any]) -> None:
    """Outbox handler: write the mail and send it; a ticket that is gone has none.

    Raises `RetryAfter` while an address of the house's own has got enough.
    """
    tickets = Ticket.objects.filter(pk=payload["ticket"]).select_related("brand", "contact")
    found = tickets.first()
    if found is None or is_dead(payload["to"]):
        # To an address at which nobody is nothing goes by itself.
        return
    if payload.get("is_house"):
        try:
            spend(RULE_MAILS, mailbox_key(payload["to"]))
        except TooMany as error:
            raise RetryAfter(error.retry_after) from error
    if not _is_told(found, payload):
        own = mailbox_of(found.brand_id)
        written = _house_mail if payload.get("is_house") else _mail
        send_once(written(found, own, payload), mailer_of(own))


def _is_told(ticket: Ticket, told: dict[str, Any]) -> bool:
    """Return whether a mail that is sent alone is needed no more: another has said the number."""
    if "alone" not in told:
        return False
    others = ticket.mail_ids.filter(is_ours=True).exclude(message_id=told["alone"])
    return bool(others.exists())


def _mail(ticket: Ticket, own: Mailbox | None, told: dict[str, Any]) -> Letter:
    message_id = told.get("alone") or new_message_id(ticket, own)
    # Before it leaves: an answer to it may be faster than we are.
    MailId.objects.get_or_create(ticket=ticket, message_id=message_id, defaults={"is_ours": True})
    return letter(
        ticket=ticket,
        mailbox=own,
        to=mailbox(told["to"]),
        subject=told["subject"],
        text=told["text"],
        message_id=message_id,
        references=references_of(ticket, before=message_id),
        headers=AUTOMATIC,
    )


def _house_mail(ticket: Ticket, own: Mailbox | None, told: dict[str, Any]) -> Letter:
    """Write a mail with no handle of the ticket: whoever reads it is not its customer."""
    domain = sender_of(own).rpartition("@")[2]
    return letter(
        ticket=ticket,
        mailbox=own,
        to=mailbox(told["to"]),
        subject=told["subject"],
        text=told["text"],
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        headers=AUTOMATIC,
        is_house=True,
    )
