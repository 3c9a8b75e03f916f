"""Keeping mails as they came, and noting what became of each."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from config.outbox.operations import enqueue
from config.text.mail_heads import END_OF_HEADER, first_header
from tickets.models import Entry, Mailbox, RawMail

INGEST = "ticket.ingest"
# Of these one may have been made together with other mails, any of which can have failed.
ATTEMPTS_MAX = 4
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,400}>")


def store_mail(
    *,
    mailbox: Mailbox,
    content: bytes,
    uid_validity: int | None = None,
    uid: int | None = None,
    size: int | None = None,
    refused: str = "",
    now: datetime,
) -> RawMail | None:
    """Keep a mail and have it taken in; None when the mailbox has it already.

    `size` is that of the whole where `content` is but its beginning. One that is `refused`, which
    says why, is only kept.
    """
    key = hashlib.sha256(f"{uid_validity}.{uid}".encode()).hexdigest() if refused else _key(content)
    if RawMail.objects.filter(mailbox=mailbox, key=key).exists():
        return None
    # Before any transaction: a slow disk must not hold the database's lock.
    name = f"mail/{now:%Y/%m}/{secrets.token_hex(16)}.eml"
    path = default_storage.save(name, ContentFile(content))
    try:
        kept = _keep(mailbox, key, path, size or len(content), uid_validity, uid, refused, now)
    except Exception:
        default_storage.delete(path)
        raise
    if kept is None:
        default_storage.delete(path)
    return kept


def kept_before(*, mailbox: Mailbox, content: bytes) -> RawMail:
    """Return the row of a mail that the mailbox has already."""
    found: RawMail = RawMail.objects.get(mailbox=mailbox, key=_key(content))
    return found


@transaction.atomic
def _keep(
    mailbox: Mailbox,
    key: str,
    path: str,
    size: int,
    uid_validity: int | None,
    uid: int | None,
    refused: str,
    now: datetime,
) -> RawMail | None:
    # Of two that fetch at once the second waits here.
    Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
    if RawMail.objects.filter(mailbox=mailbox, key=key).exists():
        return None
    kept: RawMail = RawMail.objects.create(
        mailbox=mailbox,
        key=key,
        file=path,
        size=size,
        uid_validity=uid_validity,
        uid=uid,
        state=RawMail.State.BROKEN if refused else RawMail.State.STORED,
        reason=refused,
        received_at=now,
    )
    if not refused:
        _enqueue(kept)
    return kept


def outbox_key(mail: RawMail) -> str:
    """Return under which key the work of taking a mail in is written down."""
    return f"{INGEST}:{mail.pk}:{mail.rounds}"


def _enqueue(kept: RawMail) -> None:
    enqueue(kind=INGEST, key=outbox_key(kept), payload={"mail": kept.pk})


def _key(content: bytes) -> str:
    """Return what makes it the same mail: its id and what it says, whichever way it came.

    The id alone would let a mail with somebody else's id keep theirs out.
    """
    found = _MESSAGE_ID.match(first_header("message-id", content))
    if found is None:
        return hashlib.sha256(content).hexdigest()
    end = END_OF_HEADER.search(content)
    body = hashlib.sha256(content[end.end() :] if end else b"").digest()
    return hashlib.sha256(found[0].encode("latin-1") + body).hexdigest()


def count_attempts(*, mails: Sequence[RawMail]) -> None:
    """Count one more attempt to read mails, before it is made.

    Of one that takes the process down with it there are then `ATTEMPTS_MAX`.
    """
    for mail in mails:
        mail.attempts += 1
    ids = [mail.pk for mail in mails]
    RawMail.objects.filter(pk__in=ids).update(attempts=F("attempts") + 1)


def put_aside(*, mail: RawMail, reason: str, is_broken: bool = False) -> None:
    """Note why nothing is made of a mail; a page shows it to admins."""
    RawMail.objects.filter(pk=mail.pk, state=RawMail.State.STORED).update(
        state=RawMail.State.BROKEN if is_broken else RawMail.State.ASIDE,
        reason=reason,
        sender=mail.sender,
        sender_mark=mail.sender_mark,
        subject=mail.subject,
    )


def take_in(*, mail: RawMail, entry: Entry | None, reason: str = "", html: str = "") -> bool:
    """Note that a mail has become a line of a ticket, or what else was made of it; False when
    another process has noted that before.

    Of two at once the second waits here for the first.
    """
    return bool(
        RawMail.objects.filter(pk=mail.pk, state=RawMail.State.STORED).update(
            state=RawMail.State.DONE,
            reason=reason,
            entry=entry,
            html=html,
            sender=mail.sender,
            sender_mark=mail.sender_mark,
            subject=mail.subject,
        )
    )


@transaction.atomic
def try_again(*, mail: RawMail, is_wanted: bool = False) -> bool:
    """Have a mail that was put aside read once more; `is_wanted`: make a ticket of it anyway."""
    rows = RawMail.objects.filter(pk=mail.pk, state__in=(RawMail.State.ASIDE, RawMail.State.BROKEN))
    reason = "wanted" if is_wanted else ""
    again = F("rounds") + 1
    if not rows.update(state=RawMail.State.STORED, attempts=0, rounds=again, reason=reason):
        return False
    mail.refresh_from_db()
    _enqueue(mail)
    return True
