"""Connections to the mail servers that admins named: only to where this machine may connect."""

import socket
import ssl
from typing import Any

from django.utils.functional import cached_property
from imapclient import IMAPClient

from config.mail import SmtpBackend
from config.web.outbound import resolve_public
from tickets.models import Mailbox, Security

SECONDS = 10


class NamedContext(ssl.SSLContext):
    """Asks for the certificate of a name, whichever of its addresses is connected to."""

    name = ""

    @classmethod
    def of(cls, name: str) -> "NamedContext":
        """Return a context that trusts what the system trusts."""
        made = cls(ssl.PROTOCOL_TLS_CLIENT)
        made.load_default_certs()
        made.name = name
        return made

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Wrap a socket for the name."""
        return super().wrap_socket(sock, *args, **options | {"server_hostname": self.name})


class BrandBackend(SmtpBackend):
    """SMTP to a brand's own server."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.name = mailbox.smtp_host
        super().__init__(
            alias=f"brand-{mailbox.brand_id}",
            host=mailbox.smtp_host,
            port=mailbox.smtp_port,
            username=mailbox.smtp_user,
            password=mailbox.smtp_password.reveal(),
            use_tls=mailbox.smtp_security == Security.STARTTLS,
            use_ssl=mailbox.smtp_security == Security.TLS,
            timeout=SECONDS,
        )

    def open(self) -> bool | None:
        """Connect to an address that may be connected to. Raises `OutboundError`."""
        if self.connection is None:
            self.host = resolve_public(self.name, self.port)
        return super().open()

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """Return what the name's certificate is checked with."""
        return NamedContext.of(self.name)


def mailer_of(mailbox: Mailbox | None) -> SmtpBackend | None:
    """Return the brand's own server; None where the environment's sends. Raises `WrongKey`."""
    return BrandBackend(mailbox) if mailbox is not None and mailbox.smtp_host else None


def imap_of(mailbox: Mailbox) -> IMAPClient:
    """Return a connection to the brand's folder, signed in.

    Raises `WrongKey`, `OutboundError`, `OSError`, `UnicodeError` or what imapclient raises.
    """
    password = mailbox.imap_password.reveal()
    address = resolve_public(mailbox.imap_host, mailbox.imap_port)
    is_tls = mailbox.imap_security == Security.TLS
    client = IMAPClient(
        address,
        port=mailbox.imap_port,
        ssl=is_tls,
        ssl_context=NamedContext.of(mailbox.imap_host) if is_tls else None,
        timeout=SECONDS,
    )
    try:
        if mailbox.imap_security == Security.STARTTLS:
            client.starttls(NamedContext.of(mailbox.imap_host))
        client.login(mailbox.imap_user, password)
    except BaseException:
        client.shutdown()
        raise
    return client
