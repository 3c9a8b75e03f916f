"""Fetching mail by IMAP: each is kept before its number is passed, so none is lost or doubled."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F, Q
from django.utils import timezone
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from config.secrets import WrongKey
from config.text.mail_heads import HEAD_MAX
from config.web.outbound import NotAllowed, OutboundError
from tickets.mail.inbound.parts import SIZE_MAX
from tickets.mail.servers import imap_of
from tickets.models import Mailbox, RawMail
from tickets.operations.fetching import begin_fetch, begin_folder, end_fetch, note_stuck, pass_uid
from tickets.operations.mails import store_mail

log = structlog.get_logger(__name__)

# Of all mailboxes together in one go; what is left comes with the next.
SECONDS = 40.0
MAILS_MAX = 500
STUCK_MAX = 3
# Servers keep the time of arrival to the second, and clocks differ.
_SLACK = timedelta(minutes=5)
# The codes of what does not pass by itself, and how long a mailbox with it is left alone.
WANTS_A_PERSON = ("auth", "password_lost", "not_allowed", "letters", "folder")
PAUSE = timedelta(minutes=15)
# What servers say that will be back (RFC 5530).
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")


class NotReached(Exception):
    """The server's folder can't be read; the text is the code of why."""


def fetch_all() -> None:
    """Read every mailbox that has a server, those that waited longest first.

    What only a person can mend is tried now and then: servers lock out who is wrong all the time.
    """
    ends = time.monotonic() + SECONDS
    own = Mailbox.objects.exclude(imap_host="").filter(brand__is_active=True)
    now = timezone.now()
    # One of a clock that was ahead pauses nothing.
    since = (now - PAUSE, now)
    paused = Q(fetch_error__in=WANTS_A_PERSON, fetch_error_at__range=since)
    for mailbox in own.exclude(paused).order_by(F("fetched_at").asc(nulls_first=True), "pk"):
        if time.monotonic() > ends:
            return
        fetch(mailbox, ends=ends)


def fetch(mailbox: Mailbox, *, ends: float | None = None) -> str | None:
    """Keep what is new in a mailbox; return the code of what went wrong, empty if nothing did.

    None: somebody else is reading it.
    """
    if not begin_fetch(mailbox=mailbox, now=timezone.now()):
        return None
    try:
        error = _fetch(mailbox, ends or time.monotonic() + SECONDS)
    except Exception:
        # A full disk, say: the next minute tries again, and no other mailbox waits for it.
        log.exception("mail.fetch_broke", mailbox=mailbox.pk)
        error = "interrupted"
    end_fetch(mailbox=mailbox, error=error, now=timezone.now())
    return error


def _fetch(mailbox: Mailbox, ends: float) -> str:
    try:
        with opened(mailbox) as (client, folder):
            _read(client, folder, mailbox, ends)
    except NotReached as error:
        return str(error)
    except (IMAPClientError, OSError) as error:
        log.warning("mail.fetch_failed", mailbox=mailbox.pk, error=type(error).__name__)
        return "interrupted"
    return ""


@contextmanager
def opened(mailbox: Mailbox) -> Iterator[tuple[IMAPClient, dict[bytes, Any]]]:
    """Sign in, and give the connection with what the server says of the folder.

    Raises `NotReached`.
    """
    client = _signed_in(mailbox)
    try:
        try:
            folder = client.select_folder(mailbox.imap_folder)
        except IMAPClientError as error:
            raise NotReached("interrupted" if _passes(error) else "folder") from error
        yield client, folder
    finally:
        with suppress(IMAPClientError, OSError):
            client.logout()


def _signed_in(mailbox: Mailbox) -> IMAPClient:
    try:
        return imap_of(mailbox)
    except WrongKey as error:
        raise NotReached("password_lost") from error
    except NotAllowed as error:
        raise NotReached("not_allowed") from error
    except LoginError as error:
        raise NotReached("interrupted" if _passes(error) else "auth") from error
    except UnicodeError as error:
        raise NotReached("letters") from error
    except ssl.SSLError as error:
        raise NotReached("security") from error
    except (OSError, OutboundError) as error:
        raise NotReached("unreachable") from error
    except IMAPClientError as error:
        raise NotReached("security") from error


def _passes(error: IMAPClientError) -> bool:
    """Return whether a server that goes, or has too much to do, said so: nothing about us."""
    # The library makes one error of all that goes wrong with a sign-in.
    told = error.__context__ if isinstance(error, LoginError) else error
    is_cut = isinstance(told, IMAPClientAbortError)
    return is_cut or any(code in str(error).upper() for code in _PASSING)


def _read(client: IMAPClient, folder: dict[bytes, Any], mailbox: Mailbox, ends: float) -> None:
    mailbox.refresh_from_db()
    validity = int(folder[b"UIDVALIDITY"])
    if mailbox.uid_validity is None:
        # What lies there already is history, not somebody who waits.
        newest = int(folder.get(b"UIDNEXT", 1)) - 1
        begin_folder(mailbox=mailbox, uid_validity=validity, last_uid=newest, now=timezone.now())
    elif mailbox.uid_validity != validity:
        begin_folder(mailbox=mailbox, uid_validity=validity, last_uid=0, now=timezone.now())
    # A server answers "5:*" with its newest mail, though that is number 4.
    found = client.search(["UID", f"{mailbox.last_uid + 1}:*"])
    new = sorted(uid for uid in found if uid > mailbox.last_uid)[:MAILS_MAX]
    known = set(
        RawMail.objects.filter(
            mailbox=mailbox, uid_validity=validity, uid__gt=mailbox.last_uid
        ).values_list("uid", flat=True)
    )
    for uid in new:
        if uid not in known:
            _keep(client, mailbox, validity, uid)
        pass_uid(mailbox=mailbox, uid=uid, now=timezone.now())
        with suppress(IMAPClientError):
            # For people who look into the mailbox; nothing here goes by it.
            client.add_flags([uid], [b"\\Seen"], silent=True)
        if time.monotonic() > ends:
            return


def _keep(client: IMAPClient, mailbox: Mailbox, validity: int, uid: int) -> None:
    try:
        told = client.fetch([uid], ["RFC822.SIZE", "INTERNALDATE"]).get(uid)
        if told is None or _is_history(told, mailbox.reads_since):
            # Deleted meanwhile, or not for us.
            return
        size = int(told[b"RFC822.SIZE"])
        what = f"BODY.PEEK[]<0.{HEAD_MAX}>" if size > SIZE_MAX else "BODY.PEEK[]"
        parts: dict[Any, Any] = client.fetch([uid], [what]).get(uid, {})
        content = next((value for key, value in parts.items() if key.startswith(b"BODY[]")), None)
    except IMAPClientError:
        if note_stuck(mailbox=mailbox, uid=uid) < STUCK_MAX:
            raise
        size, content = 0, b""
    if content is None:
        return
    store_mail(
        mailbox=mailbox,
        content=content,
        uid_validity=validity,
        uid=uid,
        # Servers that write line ends otherwise are a few bytes off.
        size=size if size > SIZE_MAX else None,
        refused="" if content else "server",
        now=timezone.now(),
    )


def _is_history(told: dict[Any, Any], since: datetime | None) -> bool:
    arrived = told.get(b"INTERNALDATE")
    if not isinstance(arrived, datetime) or since is None:
        return False
    # imapclient gives the machine's local time without saying so.
    return arrived.astimezone() < since - _SLACK
