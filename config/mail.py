"""Sending mail that must not arrive twice, and showing it where none is sent."""

import smtplib
from contextlib import suppress

from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.console import EmailBackend

from config.outbox.operations import Unknown

# The server has answered, and has not taken the message.
_REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)


def send_once(message: EmailMessage) -> None:
    """Hand a message to the mail server; raises `Unknown` when the server may have it already.

    Any other exception means that it surely hasn't, and that trying again does no harm.
    """
    mailer = mailers.default
    mailer.open()
    try:
        mailer.send_messages([message])
    except _REFUSALS:
        raise
    except OSError as error:
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


class ReadableConsole(EmailBackend):
    """Prints a mail as a person reads it: the wire form breaks links in two."""

    def write_message(self, message: EmailMessage) -> None:
        """Write head and text."""
        to = ", ".join(map(str, message.to))
        lines = [f"To: {to}", f"Subject: {message.subject}", "", str(message.body)]
        self.stream.write("\n".join(lines) + f"\n{'-' * 79}\n")
