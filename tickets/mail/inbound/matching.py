"""Which ticket a mail belongs to, and whether its sender has any business there."""

import re
from dataclasses import dataclass

from tickets.mail.inbound.parts import Mail
from tickets.mail.letters import INSTANCE_HEADER
from tickets.models import Delivery, Mailbox, MailId, Ticket
from tickets.models.merge import merged_addresses
from tickets.tokens import ticket_of_address, ticket_of_message_id

_TAG = re.compile(r"\[#(\d{1,15})\]")


@dataclass(frozen=True)
class Match:
    """The ticket that a mail answers."""

    ticket: Ticket
    # By a subject alone, which anybody can guess.
    is_guess: bool = False
    # Somebody who holds the ticket's reply address, but was never written to.
    is_stranger: bool = False
    # By what we signed and sent to those who take part alone.
    is_signed: bool = False


def find_ticket(mail: Mail, mailbox: Mailbox, *, is_doubtful: bool = False) -> Match | None:
    """Return what the mail answers; a stranger's mail answers nothing, whatever it refers to.

    Of a doubtful sender only what we signed counts, and it proves nothing of the sender.
    """
    tickets = Ticket.objects.filter(brand=mailbox.brand_id).select_related("contact")
    named = [number for each in mail.recipients if (number := ticket_of_address(each))]
    for ticket in tickets.filter(pk__in=named[:1]):
        is_stranger = not _takes_part(mail.sender, ticket)
        return Match(ticket, is_stranger=is_stranger, is_signed=not (is_stranger or is_doubtful))
    referred = {
        number: is_signed
        for number, is_signed in _referred(mail, mailbox)
        if is_signed or not is_doubtful
    }
    known = {each.pk: each for each in tickets.filter(pk__in=referred)} if referred else {}
    for number, is_signed in referred.items():
        ticket = known.get(number)
        if ticket is not None and _takes_part(mail.sender, ticket):
            return Match(ticket, is_signed=is_signed and not is_doubtful)
    # Another desk numbers its own tickets in the same way, and answers ours by what we signed.
    if is_doubtful or mail.header(INSTANCE_HEADER.lower()):
        return None
    for tag in _TAG.findall(mail.subject)[:3]:
        ticket = tickets.filter(pk=int(tag)).first()
        if ticket is not None and _takes_part(mail.sender, ticket):
            return Match(ticket, is_guess=True)
    return None


def _referred(mail: Mail, mailbox: Mailbox) -> list[tuple[int, bool]]:
    """Return the tickets of the mails that it refers to, of what it answers first, and whether the
    mail was ours by its signature."""
    rows = MailId.objects.filter(
        message_id__in=mail.references, ticket__brand=mailbox.brand_id
    ).order_by("-pk")
    known: dict[str, list[int]] = {}
    for message_id, ticket in rows.values_list("message_id", "ticket")[:200]:
        known.setdefault(message_id, []).append(ticket)
    found: dict[int, bool] = {}
    for message_id in mail.references:
        own = ticket_of_message_id(message_id)
        for number in [own] if own else known.get(message_id, []):
            found[number] = found.get(number, False) or own is not None
    return list(found.items())[:10]


def _takes_part(address: str, ticket: Ticket) -> bool:
    # Nearly always it is the customer, whom nobody has to look for.
    return address == ticket.address.casefold() or address in participants(ticket)


def participants(ticket: Ticket) -> set[str]:
    """Return the addresses that take part in a ticket, also of whom it is copied to no more."""
    found = _copied(ticket)
    found |= set(
        Delivery.objects.filter(entry__ticket=ticket)
        .exclude(state=Delivery.State.FAILED)
        .values_list("address", flat=True)
    )
    return {each.casefold() for each in found if each}


def brings_others(address: str, match: Match) -> bool:
    """Return whether whom a mail from there is copied to gets copies from now on: not if an agent
    has taken its sender out."""
    own = {each.casefold() for each in _copied(match.ticket) if each}
    return not match.is_guess and address in own


def _copied(ticket: Ticket) -> set[str]:
    """Return the addresses of the customer, and of whom the ticket is copied to now."""
    # What was theirs before customers were merged still comes from there.
    return {ticket.address, *ticket.cc, *merged_addresses(ticket.contact)}
