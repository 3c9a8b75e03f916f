"""Sending what agents answer: one mail for each recipient, and none twice."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from config.mail import send_once
from config.outbox.operations import Unknown
from config.secrets import WrongKey
from config.web.outbound import NotAllowed, OutboundError
from tickets.mail.letters import AUTOMATIC, Letter, letter
from tickets.mail.servers import mailer_of
from tickets.mail.undelivered import note_failed
from tickets.mail.verdicts import TOO_BIG, meaning, status_of
from tickets.models import Delivery, Entry, File, Mailbox, Ticket
from tickets.models.mailbox import mailbox_of
from tickets.operations.deliveries import begin_delivery, end_delivery, note_server

# Together; most servers take no mail above 20 MB, and in a mail bytes grow by a third.
FILES_MAX_BYTES = 14 * 1024 * 1024
# Of a long thread the beginning and the newest.
REFERENCES_MAX = 20


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to; `is_servers`: it says something about the server, not the mail."""

    state: str
    code: str = ""
    detail: str = ""
    is_servers: bool = False


def deliver(payload: dict[str, Any]) -> None:
    """Outbox handler: send one answer to one address, once."""
    found = Delivery.objects.filter(pk=payload["delivery"]).select_related(
        "entry__agent", "entry__ticket__contact", "entry__ticket__brand"
    )
    delivery = found.first()
    if delivery is None:
        return
    own = mailbox_of(delivery.entry.ticket.brand_id)
    # Written before the attempt is noted: what fails here has surely not left.
    mail = answer_mail(delivery, own)
    if begin_delivery(delivery=delivery, attempt=payload["attempt"], now=timezone.now()):
        _end(delivery, attempt_noted(mail, own), timezone.now())


@transaction.atomic
def _end(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    has_failed = end_delivery(
        delivery=delivery,
        state=outcome.state,
        code=outcome.code,
        detail=outcome.detail,
        now=now,
    )
    if has_failed:
        is_said = outcome.state == Delivery.State.FAILED
        note_failed(delivery, outcome.code if is_said else "", now)


def attempt_noted(mail: EmailMessage, own: Mailbox | None) -> Outcome:
    """Hand a mail over, and keep how the brand's server did."""
    outcome = attempt(mail, own)
    if own is not None and (outcome.is_servers or outcome.state == Delivery.State.SENT):
        note_server(mailbox=own, error=outcome.code, now=timezone.now())
    return outcome


def answer_mail(delivery: Delivery, own: Mailbox | None) -> Letter:
    """Return an answer as its recipient gets it."""
    entry, ticket = delivery.entry, delivery.entry.ticket
    attached, left_out = _attached(entry)
    mail = letter(
        ticket=ticket,
        mailbox=own,
        to=delivery.address,
        subject=f"Re: {ticket.subject}",
        text=entry.body,
        message_id=delivery.message_id,
        references=references_of(ticket, before=delivery.message_id),
        author=entry.agent.name if entry.agent else "",
        signature=own.signature(ticket.language) if own else "",
        left_out=left_out,
        headers=AUTOMATIC if entry.author_kind == Entry.AuthorKind.BOT else None,
    )
    for file, content in attached:
        mail.attach(file.name, content, file.content_type)
    return mail


def _attached(entry: Entry) -> tuple[list[tuple[File, bytes]], list[str]]:
    """Return the files that a mail has room for with their bytes, and the names of the others."""
    attached, left_out, size = [], [], 0
    for file in entry.files.order_by("pk"):
        size += file.size
        if size > FILES_MAX_BYTES or not file.file.storage.exists(file.file.name or ""):
            left_out.append(file.name)
            continue
        with file.file.open("rb") as content:
            attached.append((file, content.read()))
    return attached, left_out


def references_of(ticket: Ticket, *, before: str) -> Sequence[str]:
    """Return the ids of the ticket's mails before one of them, oldest first."""
    ids = list(ticket.mail_ids.order_by("pk").values_list("message_id", flat=True))
    if before in ids:
        ids = ids[: ids.index(before)]
    return ids if len(ids) <= REFERENCES_MAX else [ids[0], *ids[1 - REFERENCES_MAX :]]


def attempt(mail: EmailMessage, own: Mailbox | None) -> Outcome:
    """Hand a mail to the brand's server, or the environment's; say what came of it."""
    try:
        send_once(mail, mailer_of(own))
    except Unknown:
        return Outcome(Delivery.State.UNKNOWN, "no_answer")
    except WrongKey:
        return Outcome(Delivery.State.RETRY, "password_lost", is_servers=True)
    except NotAllowed:
        return Outcome(Delivery.State.RETRY, "not_allowed", is_servers=True)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        return _refused(code, said)
    except smtplib.SMTPAuthenticationError as error:
        return Outcome(Delivery.State.RETRY, "auth", _text(error.smtp_error), is_servers=True)
    except smtplib.SMTPSenderRefused as error:
        return _sender_refused(error.smtp_code, error.smtp_error)
    except smtplib.SMTPDataError as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (ssl.SSLError, smtplib.SMTPNotSupportedError) as error:
        return Outcome(Delivery.State.RETRY, "security", str(error), is_servers=True)
    except (OSError, OutboundError) as error:
        return Outcome(Delivery.State.RETRY, "unreachable", type(error).__name__, is_servers=True)
    except UnicodeError:
        return Outcome(Delivery.State.RETRY, "letters", is_servers=True)
    except ValueError as error:
        return Outcome(Delivery.State.FAILED, "broken", str(error))
    return Outcome(Delivery.State.SENT)


def _sender_refused(code: int, said: bytes | str) -> Outcome:
    """Sort what a server answered before it knew to whom: it was told from whom, and how large."""
    text = _text(said)
    # RFC 1870: without a code of its own that is what 552 means here.
    if code >= 500 and (meaning(text) == TOO_BIG or (code == 552 and not status_of(text))):
        return Outcome(Delivery.State.FAILED, TOO_BIG, text)
    # RFC 5321, 4.2.1: what begins with 4 may pass.
    ours = "sender" if code >= 500 else "busy"
    return Outcome(Delivery.State.RETRY, ours, text, is_servers=True)


def _refused(code: int, said: bytes | str) -> Outcome:
    """Sort what a server answered: for good or for now, and whose fault it is."""
    text = _text(said)
    state = Delivery.State.RETRY if code < 500 else Delivery.State.FAILED
    return Outcome(state, meaning(text, is_for_now=code < 500), text)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
