"""Mails as customers write them, and answers as agents do."""

from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from django.utils import timezone

from agents.models import Agent
from config.outbox.operations import drain
from tickets.models import Entry, Mailbox, RawMail, Ticket
from tickets.operations.mails import store_mail
from tickets.operations.replies import say


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


def reply(sent: EmailMessage, text: str = "Teşekkürler, geldi.", **more: str) -> EmailMessage:
    """Return a mail with which İpek answers one of ours."""
    return written(
        text,
        **{
            "sender": "İpek <ipek@example.com>",
            "subject": f"Ynt: {sent['Subject']}",
            "in_reply_to": sent["Message-ID"],
            "references": sent["Message-ID"],
        }
        | more,
    )


def answer(ticket: Ticket, by: Agent, text: str = "İadeniz yolda.", **more: Any) -> Entry:
    """Have an agent answer by mail."""
    return say(
        ticket=ticket,
        by=by,
        text=text,
        client_id=f"c{timezone.now().timestamp()}",
        now=timezone.now(),
        **more,
    )[0]


def states(entry: Entry) -> dict[str, tuple[str, str]]:
    """Return what became of an answer, by address."""
    return {each.address: (each.state, each.code) for each in entry.deliveries.all()}
