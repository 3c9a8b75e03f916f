"""Take in a mail from a file, as if it had been fetched."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.outbox.operations import do_now
from tickets.mail.inbound.parts import SIZE_MAX
from tickets.models import Mailbox, RawMail
from tickets.operations.mails import outbox_key, store_mail


class Command(BaseCommand):
    help = "Takes in a mail (RFC 5322, as mail programmes save it) as if it had been fetched."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the file, and the mailbox where there are several."""
        parser.add_argument("file", help="the mail, or - for what comes in on standard input")
        parser.add_argument("--mailbox", help="the address that it was sent to")

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep the mail, take it in, and say what became of it."""
        own = self._mailbox(options["mailbox"])
        kept = store_mail(mailbox=own, content=self._content(options["file"]), now=timezone.now())
        if kept is None:
            self.stdout.write("This mail is there already.")
            return
        do_now(outbox_key(kept))
        kept.refresh_from_db()
        if kept.entry is not None:
            self.stdout.write(f"Ticket #{kept.entry.ticket_id}")
        elif kept.state == RawMail.State.STORED:
            self.stdout.write("Kept; a worker takes it in.")
        else:
            self.stdout.write(f"Kept; {kept.state}: {kept.reason}")

    def _mailbox(self, address: str | None) -> Mailbox:
        rows = Mailbox.objects.filter(address__iexact=address) if address else Mailbox.objects.all()
        found = list(rows.order_by("pk")[:2])
        if len(found) != 1:
            raise CommandError("Name one mailbox that there is: --mailbox support@example.com")
        return found[0]

    def _content(self, name: str) -> bytes:
        if name == "-":
            content = sys.stdin.buffer.read(SIZE_MAX + 1)
        else:
            try:
                with Path(name).open("rb") as file:
                    content = file.read(SIZE_MAX + 1)
            except OSError as error:
                raise CommandError(f"Can't read {name}: {error.strerror}") from error
        if len(content) > SIZE_MAX:
            raise CommandError("The mail is larger than 25 MB.")
        return content
