"""A mail about a ticket as its reader gets it: in the brand's look, and in a thread of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage as Message
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import formataddr
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from agents.brands.looks import look_of
from agents.models import Brand
from config.mail import mailbox as wire_address
from config.text.cleaning import initials, one_line
from tickets.models import Mailbox, Ticket
from tickets.tokens import (
    instance_mark,
    page_token,
    page_token_until,
    recipient_mark,
    reply_address,
    sender_of,
)

if TYPE_CHECKING:
    # Generic for the type checker only.
    type _Policy = Policy[Any]
else:
    _Policy = Policy

INSTANCE_HEADER = "X-Imece-Instance"
# By which a report shows that it is about the mail to this recipient.
RECIPIENT_HEADER = "X-Imece-Recipient"
# Nobody's holiday notice shall answer it, and no other helpdesk.
AUTOMATIC = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
_IDS = {"in-reply-to", "references"}


class _Threading(EmailPolicy):
    """Writes ids as they are: the standard policy encodes those longer than a line, and then
    nobody finds the thread."""

    def fold(self, name: str, value: str) -> str:
        """Write one header."""
        return self._ids(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write one header as bytes."""
        return self._ids(name, value).encode() or super().fold_binary(name, value)

    def _ids(self, name: str, value: str) -> str:
        if name.lower() not in _IDS:
            return ""
        return f"{name}: {f'{self.linesep} '.join(value.split())}{self.linesep}"


class Letter(EmailMultiAlternatives):
    """A mail whose thread every reader finds."""

    def message(self, *, policy: _Policy | None = None) -> Message:
        """Return it as it is sent."""
        made: Message = super().message(policy=_Threading(linesep=(policy or SMTP).linesep))
        return made


def letter(
    *,
    ticket: Ticket,
    mailbox: Mailbox | None,
    to: str,
    subject: str,
    text: str,
    message_id: str,
    references: Sequence[str] = (),
    author: str = "",
    signature: str = "",
    left_out: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    is_house: bool = False,
) -> Letter:
    """Return the mail, written in the ticket's language.

    `is_house`: it goes to an address that is no side of the ticket, and gets nothing that brings
    words into it.
    """
    brand = ticket.brand
    context = look_of(brand) | {
        "language": ticket.language,
        "subject": one_line(subject),
        # Mail programmes want it so; above the words it says nothing.
        "heading": one_line(subject).removeprefix("Re: "),
        "number": ticket.number,
        "author": one_line(author),
        "text": text,
        "signature": signature,
        "link": page_address(ticket) if not is_house and _is_customer(ticket, to) else "",
        # Whoever writes above the line is understood.
        "is_answered": mailbox is not None and mailbox.is_read and not is_house,
        "left_out": [one_line(name) for name in left_out],
    }
    threading = traces(message_id, to)
    if references:
        threading["In-Reply-To"] = references[-1]
        threading["References"] = " ".join(references)
    tag = f"[#{ticket.number}]"
    has_plus = mailbox is not None and mailbox.has_plus and not is_house
    with translation.override(ticket.language):
        context["initials"] = initials(one_line(author))
        made = Letter(
            subject=one_line(subject if tag in subject else f"{subject} {tag}"),
            body=render_to_string("tickets/mail/letter.txt", context),
            from_email=sender_line(mailbox, brand),
            to=[to],
            reply_to=[reply_address(ticket, mailbox)] if mailbox and has_plus else None,
            headers={**threading, **(headers or {})},
        )
        made.attach_alternative(render_to_string("tickets/mail/letter.html", context), "text/html")
    return made


def traces(message_id: str, to: str) -> dict[str, str]:
    """Return the headers by which a mail to `to` is known again, itself and in a report."""
    return {
        "Message-ID": message_id,
        INSTANCE_HEADER: instance_mark(),
        RECIPIENT_HEADER: recipient_mark(message_id, to),
    }


def sender_line(mailbox: Mailbox | None, brand: Brand) -> str:
    """Return whom readers see a brand's mail come from."""
    named = (mailbox.display_name if mailbox else "") or brand.name
    return formataddr((one_line(named), sender_of(mailbox)))


def page_address(ticket: Ticket, *, until: datetime | None = None) -> str:
    """Return the link with which the customer opens the ticket's page, if need be not for long."""
    if until is None:
        token = page_token(ticket, now=timezone.now())
    else:
        token = page_token_until(ticket, until=until)
    return f"{settings.PUBLIC_URL}{reverse('ticket-link', args=[ticket.pk, token])}"


def _is_customer(ticket: Ticket, to: str) -> bool:
    """Return whether a mail goes to the customer: nobody else's opens what was said before."""
    try:
        return wire_address(ticket.address).casefold() == to.casefold()
    except ValueError:
        return False
