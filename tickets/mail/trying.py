"""Trying a mailbox out."""

import secrets

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.brands.looks import look_of
from config.text.cleaning import one_line
from tickets.mail.answers import Outcome, attempt_noted
from tickets.mail.letters import sender_line
from tickets.models import Mailbox
from tickets.tokens import sender_of


def send_test(*, own: Mailbox, to: str) -> Outcome:
    """Send a mail now, as customers see them, and keep and return what the server said."""
    subject = one_line(_("Test of %(brand)s") % {"brand": own.brand.name})
    text = _("This mailbox can send: %(address)s") % {"address": own.address}
    context = {"language": get_language(), "subject": subject, "text": text}
    mail = EmailMultiAlternatives(
        subject=subject,
        body=f"{text}\n",
        from_email=sender_line(own, own.brand),
        to=[to],
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": f"<{secrets.token_hex(16)}@{sender_of(own).rpartition('@')[2]}>",
        },
    )
    html = render_to_string("tickets/mail/test.html", look_of(own.brand) | context)
    mail.attach_alternative(html, "text/html")
    return attempt_noted(mail, own)
