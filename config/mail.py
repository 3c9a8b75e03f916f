"""Sending mail that must not arrive twice, and showing it where none is sent."""

import re
import smtplib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMessage, mailers
from django.core.mail.backends import console, smtp
from django.core.mail.backends.base import BaseEmailBackend

from config.outbox.operations import Unknown

# What a form takes for an address, as Python and browsers (`u`) both read it: the widget gets it
# with its page. Of a domain's other letters the server knows more, and says so at the field.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+"
_EDGE = r"[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\xa0]"
_INSIDE = r"[^\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x60\x7b-\xa0]"
_LABEL = rf"{_EDGE}(?:{_INSIDE}{{0,61}}{_EDGE})?"
# The last part of a domain has no digits, unless they stand for other letters.
_TOP = r"(?:[^\x00-\x40\x5b-\x60\x7b-\xa0]{2,63}|[Xx][Nn]--[A-Za-z0-9\-]{1,58}[A-Za-z0-9])"
ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_TOP}"
_ADDRESS = re.compile(ADDRESS)
# RFC 5321: what mail servers take.
_ADDRESS_MAX = 320
# Letters that older software reads as others: ß as ss, a last sigma, joiners as nothing.
_MAPPED = frozenset("ßς\u200c\u200d")

# The server has answered, and has not taken the message.
_REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)
# To hand a mail over, and again for the server to say that it has it: files go up slowly, and are
# looked through for viruses meanwhile.
HANDING_SECONDS = 30


def send_once(message: EmailMessage, mailer: BaseEmailBackend | None = None) -> None:
    """Hand a message to `mailer`, else to the environment's mail server.

    Raises `Unknown` when the server may have it already.

    Any other exception means that it surely hasn't, and that trying again does no harm.
    """
    mailer = mailer or mailers.default
    mailer.open()
    try:
        mailer.send_messages([message])
    except _REFUSALS:
        raise
    except OSError as error:
        if isinstance(mailer, SmtpBackend) and not mailer.is_handing:
            raise
        raise Unknown from error
    finally:
        # It was taken or not, whatever the farewell is like.
        with suppress(OSError):
            mailer.close()


def mailbox(address: str) -> str:
    """Return an address as the mail server gets it, however its domain is spelled.

    Raises `ValueError` for one that can't be sent to.
    """
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode().lower()}"


def readable_address(given: str) -> str:
    """Return the address of a mailbox out there in the one spelling in which people read it.

    Whatever door it comes by: forms, calls and what a site signs. Raises `ValueError` for what no
    mail reaches.
    """
    # The length before anything looks at each label of a domain that has no end.
    if len(given) > _ADDRESS_MAX or not is_address(given):
        raise ValueError("no address")
    local, _at, domain = mailbox(given).rpartition("@")
    typed = given.rpartition("@")[2].lower()
    # These would become another domain on their way to the mail server.
    if not _MAPPED.isdisjoint(typed):
        raise ValueError("ambiguous letters")
    shown = typed if typed.isascii() else domain.encode().decode("idna")
    return f"{local}@{shown}"


def own_spelling(address: str) -> str:
    """Return the one spelling of an account's address: İ is the capital of i, and no letter else
    changes but by its case, so that no two accounts answer to what somebody types."""
    return address.strip().replace("İ", "i").lower().replace("i\u0307", "i")


def is_address(text: str) -> bool:
    """Return whether `text` is written like the address of a mailbox out there."""
    return _ADDRESS.fullmatch(text) is not None


if TYPE_CHECKING:
    # What it is mixed into.
    _AnySmtp = smtplib.SMTP
else:
    _AnySmtp = object


class _Handing(_AnySmtp):
    """Notes when the mail itself goes over, and has more patience from there on."""

    is_handing = False

    def data(self, msg: Any) -> Any:
        """Hand over a mail whose sender and recipient the server has taken."""
        self.is_handing = True
        self._be_patient(HANDING_SECONDS)
        try:
            return super().data(msg)
        finally:
            self._be_patient(self.timeout)

    def _be_patient(self, seconds: float | None) -> None:
        if self.sock is not None:
            self.sock.settimeout(seconds)


class _Smtp(_Handing, smtplib.SMTP):
    pass


class _SmtpByTls(_Handing, smtplib.SMTP_SSL):
    pass


class SmtpBackend(smtp.EmailBackend):
    """SMTP that knows how far it got: who hung up before the mail itself hasn't got it."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Return what notes it."""
        return _SmtpByTls if self.use_ssl else _Smtp

    @property
    def is_handing(self) -> bool:
        """Return whether the server may have the mail."""
        return getattr(self.connection, "is_handing", True)


class ReadableConsole(console.EmailBackend):
    """Prints a mail as a person reads it: the wire form breaks links in two."""

    def write_message(self, message: EmailMessage) -> None:
        """Write head and text."""
        to = ", ".join(map(str, message.to))
        lines = [f"To: {to}", f"Subject: {message.subject}", "", str(message.body)]
        self.stream.write("\n".join(lines) + f"\n{'-' * 79}\n")
