"""Mail to whoever a ticket is for: what is said automatically, and the ticket's number.

Never the customer's own words: anybody may type anybody's address into a form.
"""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext

from config.mail import mailbox, send_once
from config.outbox.operations import enqueue
from config.web.limits import TICKET_MAILS_BY_BRAND, TICKET_MAILS_BY_EMAIL, spend
from tickets.models import Ticket

MAIL = "ticket.mail"


def send_ticket_mail(*, ticket: Ticket, to: str, subject: str, text: str, key: str) -> None:
    """Have a mail sent, once for each `key`. Raises `TooMany` for a mailbox or brand."""
    spend(TICKET_MAILS_BY_EMAIL, f"email:{mailbox(to).casefold()}")
    spend(TICKET_MAILS_BY_BRAND, f"brand:{ticket.brand_id}")
    payload = {"ticket": ticket.pk, "to": to, "subject": subject, "text": text}
    enqueue(kind=MAIL, key=f"{MAIL}:{key}", payload=payload)


def mail_ticket(payload: dict[str, Any]) -> None:
    """Outbox handler: write the mail and send it; a ticket that is gone has none."""
    found = Ticket.objects.filter(pk=payload["ticket"]).select_related("brand").first()
    if found is not None:
        send_once(_mail(found, payload))


def _mail(ticket: Ticket, told: dict[str, Any]) -> EmailMessage:
    with translation.override(ticket.language):
        number = gettext("Ticket number: %(number)d") % {"number": ticket.number}
    return EmailMessage(
        subject=" ".join(f"{told['subject']} [#{ticket.number}]".split()),
        body=f"{told['text']}\n\n{number}\n\n{ticket.brand.name}\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mailbox(told["to"])],
        headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
    )
