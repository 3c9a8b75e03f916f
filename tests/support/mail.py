"""Mail servers for tests: an SMTP server that answers as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.process import free_port


@dataclass
class Smtp:
    """A server on 127.0.0.1, what it has taken, and what it says to whom."""

    port: int
    taken: list[EmailMessage] = field(default_factory=list)
    # By recipient: an answer to RCPT such as "550 5.1.1 No such user here".
    answers: dict[str, str] = field(default_factory=dict)
    # What it answers to the mail itself; empty hangs up, as if it had never answered.
    answer: str = "250 OK"
    passwords: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        said = self.answers.get(address, "250 OK")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
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
        controller.stop()
