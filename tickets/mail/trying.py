"""Trying a mailbox out."""

from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from config.text.cleaning import one_line
from tickets.mail.answers import Outcome, attempt_noted
from tickets.models import Mailbox
from tickets.tokens import sender_of


def send_test(*, own: Mailbox, to: str) -> Outcome:
    """Send a mail now, and keep and return what the server said."""
    mail = EmailMessage(
        subject=one_line(_("Test of %(brand)s") % {"brand": own.brand.name}),
        body=_("This mailbox can send: %(address)s") % {"address": own.address} + "\n",
        from_email=sender_of(own),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    return attempt_noted(mail, own)
