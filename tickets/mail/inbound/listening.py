"""Hearing of new mail at once: a thread for each mailbox waits while its server says nothing.

All that it does with what it hears is an ordinary fetch. Polling goes on beside it, so whatever
ends a listener (a network, a server, a process) costs a minute at most and no mail: somebody looks
every quarter of a minute for mailboxes that nobody listens to.
"""

import threading
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, connections
from django.utils import timezone
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from tickets.mail.inbound.fetching import WANTS_A_PERSON, NotReached, fetch, opened
from tickets.models import Mailbox
from tickets.operations.listening import (
    NO_IDLE,
    begin_listening,
    end_listening,
    keep_listening,
    note_listening,
    unheard_mailboxes,
)

log = structlog.get_logger(__name__)

# How often a listener says that it is there, and looks whether it is wanted.
WAKE_SECONDS = 15.0
# Servers hang up after half an hour, routers much earlier; what is gone shows when it is asked.
RENEW_SECONDS = 300.0
# While somebody else reads the mailbox.
AGAIN_SECONDS = 1.0
# Of one process; the mailboxes beyond it are polled.
LISTENERS_MAX = 100

_starting = threading.Lock()
_listeners: set[threading.Thread] = set()


def listen_to_all() -> list[threading.Thread]:
    """Start a listener for each mailbox that has none anywhere; return those started."""
    started = []
    with _starting:
        _listeners.difference_update([each for each in _listeners if not each.is_alive()])
        for mailbox in unheard_mailboxes(now=timezone.now()):
            if len(_listeners) >= LISTENERS_MAX:
                break
            now = timezone.now()
            if not begin_listening(mailbox=mailbox, now=now):
                continue
            # Nobody waits for it at the end: what it would have heard is polled later.
            thread = threading.Thread(
                target=_run, args=[mailbox, now], name=f"listener-{mailbox.pk}", daemon=True
            )
            thread.start()
            _listeners.add(thread)
            started.append(thread)
    return started


def _run(mailbox: Mailbox, since: datetime) -> None:
    try:
        error = _listen(mailbox, since)
        end_listening(mailbox=mailbox, since=since, error=error)
    except DatabaseError as error:
        # The lease ends by itself.
        log.warning("mail.listener_broke", mailbox=mailbox.pk, error=type(error).__name__)
    finally:
        connections.close_all()


def _listen(mailbox: Mailbox, since: datetime) -> str:
    """Listen as long as it is wanted; return the code of what ended it, empty if nothing did."""
    try:
        with opened(mailbox) as (client, _folder):
            if not client.has_capability("IDLE"):
                return NO_IDLE
            _wait_for_mail(client, mailbox, since)
    except NotReached as error:
        return str(error)
    except (IMAPClientError, OSError) as error:
        log.info("mail.listener_cut", mailbox=mailbox.pk, error=type(error).__name__)
        return "interrupted"
    return ""


def _wait_for_mail(client: IMAPClient, mailbox: Mailbox, since: datetime) -> None:
    client.idle()
    renewed = time.monotonic()
    note_listening(mailbox=mailbox, since=since)
    # What came before the server began to tell.
    is_new = True
    while current := keep_listening(mailbox=mailbox, since=since, now=timezone.now()):
        if is_new:
            error = fetch(current)
            if error in WANTS_A_PERSON:
                # The line is still open, but who asks anew is refused: with each mail once more.
                break
            # None: who reads it now may have looked before this mail came.
            is_new = error is None
        # Others may use it meanwhile.
        connections.close_all()
        asked = time.monotonic()
        told = client.idle_check(timeout=AGAIN_SECONDS if is_new else WAKE_SECONDS)
        # Nothing at all, and too early: so looks a connection that was cut.
        is_odd = not told and time.monotonic() - asked < AGAIN_SECONDS / 2
        if is_odd or time.monotonic() - renewed > RENEW_SECONDS:
            _said, more = client.idle_done()
            told += more
            client.idle()
            renewed = time.monotonic()
        is_new = is_new or _tells_of_mail(told)
    # A server that waits for this hears no goodbye.
    client.idle_done()


def _tells_of_mail(told: Iterable[Any]) -> bool:
    return any(isinstance(each, tuple) and b"EXISTS" in each for each in told)
