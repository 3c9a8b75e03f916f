"""Mails that answer something of the rooms above, such as the mail with a chat's unread answers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from config.files.cleaning import CleanFile
from tickets.mail.inbound.parts import Mail
from tickets.models import Mailbox, Ticket


class Thread(Protocol):
    """Where a mail goes on."""

    @property
    def language(self) -> str:
        """Return in which language its customer is spoken to."""

    def say(
        self,
        *,
        body: str,
        files: Sequence[CleanFile],
        refused: Sequence[str],
        key: str,
        now: datetime,
    ) -> bool:
        """Add the customer's words, once for each `key`; False when it takes no more of them.

        Raises `TooMany`.
        """

    def ticket(self, *, now: datetime) -> Ticket:
        """Return the ticket of it, which takes them instead."""


_finders: list[Callable[[Mail, Mailbox], Thread | None]] = []


def also_find(find: Callable[[Mail, Mailbox], Thread | None]) -> None:
    """Have mails shown to `find`, which returns what of its room they answer."""
    _finders.append(find)


def find_thread(mail: Mail, mailbox: Mailbox) -> Thread | None:
    """Return what a mail answers elsewhere."""
    return next((found for find in _finders if (found := find(mail, mailbox))), None)
