"""Trying a mailbox out."""

from datetime import datetime

from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from config.text import one_line
from tickets.mail.answers import Outcome, attempt
from tickets.models import Delivery, Mailbox
from tickets.operations.deliveries import note_server
from tickets.tokens import sender_of


def send_test(*, own: Mailbox, to: str, now: datetime) -> Outcome:
    """Send a mail now, and keep and return what the server said."""
    mail = EmailMessage(
        subject=one_line(_("Test of %(brand)s") % {"brand": own.brand.name}),
        body=_("This mailbox can send: %(address)s") % {"address": own.address} + "\n",
        from_email=sender_of(own),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    outcome = attempt(mail, own)
    is_sent = outcome.state == Delivery.State.SENT
    if is_sent or outcome.is_servers:
        note_server(mailbox=own, error=outcome.code, now=now)
    return outcome
