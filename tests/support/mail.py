"""Mail servers for tests: one for SMTP that answers as it is told, and Dovecot for IMAP."""

import asyncio
import getpass
import grp
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from tests.support.process import Process, free_port
from tests.support.servers import absent


@dataclass
class Smtp:
    """A server on 127.0.0.1, what it has taken, and what it says to whom."""

    port: int
    taken: list[EmailMessage] = field(default_factory=list)
    # By recipient: an answer to RCPT such as "550 5.1.1 No such user here"; empty hangs up.
    answers: dict[str, str] = field(default_factory=dict)
    # What it answers to the sender and the mail's size.
    to_sender: str = "250 OK"
    # What it answers to the mail itself; empty hangs up, as if it had never answered.
    answer: str = "250 OK"
    passwords: dict[str, str] = field(default_factory=dict)
    # Cleared, it takes a mail and doesn't say so until this is set.
    answers_mails: threading.Event = field(default_factory=threading.Event)
    # Mails that it has been handed, taken by now or not.
    handed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.to_sender.startswith("250"):
            envelope.mail_from = address
        return self.to_sender

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        said = self.answers.get(address, "250 OK")
        if not said:
            server.transport.close()
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.handed.release()
        await asyncio.to_thread(self.answers_mails.wait)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        self.taken.append(parsed)
        if not self.answer:
            server.transport.close()
        return self.answer or "250 OK"

    def check(self, server: Any, session: Any, envelope: Any, way: str, given: Any) -> AuthResult:
        """Let in who knows the password."""
        is_right = isinstance(given, LoginPassword) and (
            self.passwords.get(given.login.decode()) == given.password.decode()
        )
        return AuthResult(success=is_right, handled=is_right)


@contextmanager
def smtp_server(**passwords: str) -> Iterator[Smtp]:
    """Run one; with `passwords` it lets in only who knows one."""
    handler = Smtp(port=free_port(), passwords=passwords)
    handler.answers_mails.set()
    options: dict[str, Any] = (
        {
            "authenticator": handler.check,
            "auth_require_tls": False,
        }
        if passwords
        else {}
    )
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port, **options)
    controller.start()
    try:
        yield handler
    finally:
        handler.answers_mails.set()
        controller.stop()


# Dovecot 2.3 (Debian 12) and 2.4 (Debian 13) name the same things differently.
_FIRST = """dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
"""
_ACCOUNTS = """
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {mail}/%{{user}}
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {mail}/%{{user}}
  }}
}}
"""
_ACCOUNTS_23 = """
disable_plaintext_auth = no
mail_location = maildir:{mail}/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u
}}
"""


class Dovecot(Process):
    """Dovecot with one user and a maildir in a temporary directory."""

    USER, PASSWORD = "destek", "gizli"

    def __init__(self, directory: Path) -> None:
        binary = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
        if binary is None:
            raise absent("Dovecot", "dovecot-imapd")
        self.port = free_port()
        # Root may own no mail, and the server's own users come with its package.
        name = "dovecot" if os.geteuid() == 0 else getpass.getuser()
        user = pwd.getpwnam(name)
        group = grp.getgrgid(user.pw_gid).gr_name
        mail = directory / "mail"
        mail.mkdir()
        if os.geteuid() == 0:
            os.chown(directory, user.pw_uid, user.pw_gid)
            os.chown(mail, user.pw_uid, user.pw_gid)
        config = directory / "dovecot.conf"
        is_older = subprocess.check_output([binary, "--version"], text=True).startswith("2.3")
        accounts, first = (_ACCOUNTS_23, "") if is_older else (_ACCOUNTS, _FIRST)
        accounts = accounts.format(
            password=self.PASSWORD, uid=user.pw_uid, gid=user.pw_gid, mail=mail
        )
        config.write_text(f"""{first}
protocols = imap
base_dir = {directory}/run
state_dir = {directory}/state
log_path = /dev/stderr
ssl = no
listen = 127.0.0.1
first_valid_uid = 1
default_internal_user = {name}
default_internal_group = {group}
default_login_user = {name}
mail_fsync = never
{accounts}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
""")
        super().__init__([binary, "-F", "-c", str(config)], name="dovecot")

    def is_ready(self) -> bool:
        try:
            with self.client():
                return True
        except (OSError, IMAPClientError):
            return False

    def client(self) -> IMAPClient:
        """Return a connection of whoever else uses the mailbox."""
        client = IMAPClient("127.0.0.1", port=self.port, ssl=False, timeout=30)
        client.login(self.USER, self.PASSWORD)
        return client

    def deliver(self, *mails: EmailMessage | bytes, folder: str = "INBOX") -> None:
        """Put mails into a folder."""
        with self.client() as client:
            for mail in mails:
                client.append(folder, mail if isinstance(mail, bytes) else bytes(mail))


@contextmanager
def dovecot_server() -> Iterator[Dovecot]:
    """Run one with an empty mailbox."""
    with (
        tempfile.TemporaryDirectory(prefix="imece-imap-", ignore_cleanup_errors=True) as directory,
        Dovecot(Path(directory)) as server,
    ):
        server.start(timeout=30)
        yield server
