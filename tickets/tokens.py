"""Signatures in addresses, Message-IDs and links: who has one was written to about the ticket.

Small letters and digits only: mail servers fold the case of an address.
"""

import re
import secrets
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from config.mail import mailbox as wire_address
from tickets.models import Delivery, Mailbox, Ticket
from tickets.models.merge import merged_addresses

# Ten bytes where a mail's other traces are looked at too, twenty where it opens a page.
_SHORT, _LONG = 10, 20
_DAY = 24 * 3600
# Mailboxes are kept, and passed on: so long a link opens the page. A new one is mailed on a press.
LINK_LASTS = timedelta(days=90)
_PAGE = re.compile(r"(\d{1,6})-([a-z2-7]{32})")
_ADDRESS = re.compile(r".+\+t(\d{1,18})-([a-z2-7]{16})@[^@]+")
_CHAT_ID = re.compile(r"<(s(\d{1,18})\.[a-z2-7]{16})\.([a-z2-7]{16})@[^<>@\s]+>")
_MESSAGE_ID = re.compile(r"<(t(\d{1,18})\.[a-z2-7]{16})\.([a-z2-7]{16})@[^<>@\s]+>")


def sender_of(mailbox: Mailbox | None) -> str:
    """Return the bare address that a brand's mail leaves from."""
    if mailbox is not None:
        return wire_address(mailbox.address)
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def new_message_id(ticket: Ticket, mailbox: Mailbox | None) -> str:
    """Return a Message-ID that says of itself which ticket it belongs to."""
    name = f"t{ticket.pk}.{_small(secrets.token_bytes(_SHORT))}"
    domain = sender_of(mailbox).rpartition("@")[2]
    return f"<{name}.{_sign('mail', name)}@{domain}>"


def ticket_of_message_id(message_id: str) -> int | None:
    """Return the number of the ticket that a Message-ID names; None when we did not sign it."""
    found = _MESSAGE_ID.fullmatch(message_id)
    if found and _is_signed("mail", found[1], found[3]):
        return int(found[2])
    return None


def recipient_mark(message_id: str, address: str) -> str:
    """Return what only the mail to `address` carries: others have the same mail, and its id."""
    return _sign("recipient", f"{message_id}:{address.casefold()}")


def is_recipient_mark(mark: str, message_id: str, address: str) -> bool:
    """Return whether whoever has `mark` has the mail to `address`, or a report on it."""
    return _is_signed("recipient", f"{message_id}:{address.casefold()}", mark)


def new_chat_message_id(chat_id: int, address: str, mailbox: Mailbox | None) -> str:
    """Return a Message-ID that says of itself which chat was mailed, and is good for `address`."""
    name = f"s{chat_id}.{_small(secrets.token_bytes(_SHORT))}"
    domain = sender_of(mailbox).rpartition("@")[2]
    return f"<{name}.{_sign('chat', f'{name}:{address.casefold()}')}@{domain}>"


def chat_of_message_id(message_id: str, address: str) -> int | None:
    """Return the primary key of the chat that we mailed to `address` under this Message-ID.

    None when we did not, or to somebody else.
    """
    found = _CHAT_ID.fullmatch(message_id)
    if found and _is_signed("chat", f"{found[1]}:{address.casefold()}", found[3]):
        return int(found[2])
    return None


def reply_address(ticket: Ticket, mailbox: Mailbox) -> str:
    """Return the address that brings a reply back to the ticket whatever its subject."""
    local, _at, domain = sender_of(mailbox).rpartition("@")
    return f"{local}+t{ticket.pk}-{_sign('reply', str(ticket.pk))}@{domain}"


def ticket_of_address(address: str) -> int | None:
    """Return the number of the ticket that a reply address names; None when we did not sign it."""
    found = _ADDRESS.fullmatch(address.lower())
    if found and _is_signed("reply", found[1], found[2]):
        return int(found[1])
    return None


def page_token(ticket: Ticket, *, now: datetime) -> str:
    """Return what opens the ticket's page for `LINK_LASTS`; another e-mail address, another one."""
    day = str(int(now.timestamp()) // _DAY)
    return f"{day}-{_sign('page', _page_key(ticket.pk, ticket.address, day), length=_LONG)}"


def page_token_until(ticket: Ticket, *, until: datetime) -> str:
    """Return what opens the ticket's page no longer than to the end of a day."""
    return page_token(ticket, now=until - LINK_LASTS)


def page_token_like(ticket: Ticket, token: str) -> str:
    """Return what opens the ticket's page as long as `token`, one of ours, opens another's."""
    day = int(token.partition("-")[0])
    return page_token(ticket, now=datetime.fromtimestamp(day * _DAY, UTC))


def opens_page(ticket: Ticket, token: str, *, now: datetime) -> bool:
    """Return whether `token` opens the ticket's page."""
    if not is_link_of(ticket, token):
        return False
    return now.timestamp() // _DAY - int(token.partition("-")[0]) <= LINK_LASTS.days


def is_link_of(ticket: Ticket, token: str) -> bool:
    """Return whether we wrote `token` for the ticket's customer, at whatever time."""
    found = _PAGE.fullmatch(token)
    if not found:
        return False
    own = [ticket.address] if ticket.address or is_unmailed(ticket) else []
    # Links in mails to somebody who was merged with another customer since lead there still.
    merged = () if ticket.email else merged_addresses(ticket.contact)
    return any(
        _is_signed("page", _page_key(ticket.pk, email, found[1]), found[2], length=_LONG)
        for email in (*own, *merged)
    )


def is_unmailed(ticket: Ticket) -> bool:
    """Return whether nobody has been mailed anything of a ticket: its customer reads all of it.

    Of one without an address an agent may have typed whose it is, and who else gets it.
    """
    return not ticket.cc and not Delivery.objects.filter(entry__ticket=ticket).exists()


def instance_mark() -> str:
    """Return what our mails carry to be known again as our own."""
    return _sign("instance", settings.PUBLIC_URL)


def _page_key(number: int, email: str, day: str) -> str:
    return f"{number}:{email.casefold()}:{day}"


def _sign(purpose: str, value: str, *, length: int = _SHORT, key: str | None = None) -> str:
    made = salted_hmac(f"tickets.{purpose}", value, secret=key, algorithm="sha256")
    return _small(made.digest()[:length])


def _is_signed(purpose: str, value: str, signature: str, *, length: int = _SHORT) -> bool:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(
        constant_time_compare(signature, _sign(purpose, value, length=length, key=key))
        for key in keys
    )


def _small(content: bytes) -> str:
    return b32encode(content).decode().lower()
