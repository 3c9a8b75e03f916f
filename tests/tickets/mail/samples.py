"""Mails as customers write them."""

from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from django.utils import timezone

from config.outbox.operations import drain
from tickets.models import Mailbox, RawMail
from tickets.operations.mails import store_mail


def written(
    text: str = "Merhaba, kargom nerede?",
    *,
    sender: str = "Zeynep Ak <zeynep@example.org>",
    to: str = "destek@pazar.example",
    subject: str = "Kargo",
    html: str = "",
    **headers: str,
) -> EmailMessage:
    """Return a plain mail; `headers` with _ for -."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = headers.pop("message_id", make_msgid(domain="example.org"))
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def take_in(mailbox: Mailbox, mail: EmailMessage | bytes, **more: Any) -> RawMail:
    """Have a mail come in, and return what was kept of it."""
    content = mail if isinstance(mail, bytes) else bytes(mail)
    kept = store_mail(mailbox=mailbox, content=content, now=timezone.now(), **more)
    assert kept is not None
    drain("media")
    kept.refresh_from_db()
    return kept
