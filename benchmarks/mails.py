"""Mails that come in: how many one worker makes lines of tickets in a second.

`python -m benchmarks.inside benchmarks.mails MAILS` keeps mails as the fetcher does, then takes
them in one after another, and prints how many a second. A third opens tickets, the rest answers
them with a quote of what was said before.
"""

import json
import sys
import time
from email.message import EmailMessage

from django.utils import timezone

from agents.models import Brand
from config.outbox.operations import drain
from tickets.models import Entry, Mailbox, RawMail
from tickets.operations.mails import store_mail

ROUND = 3
_TEXT = "Merhaba,\n\nsiparişim hâlâ gelmedi, nerede olduğunu söyler misiniz?\n\nTeşekkürler\n"
_QUOTE = "\n5 Oca 2026 Pzt, 10:00 tarihinde Destek <destek@example.com> şunu yazdı:\n\n"


def written(number: int) -> EmailMessage:
    """Return one mail: each third opens a ticket, the two after it belong to it."""
    thread, place = divmod(number, ROUND)
    mail = EmailMessage()
    mail["From"] = f"Müşteri {thread} <m{thread}@example.org>"
    mail["To"] = "destek@example.com"
    mail["Subject"] = f"{'Re: ' if place else ''}Sipariş {thread}"
    mail["Message-ID"] = f"<{thread}.{place}@example.org>"
    if place:
        mail["In-Reply-To"] = f"<{thread}.{place - 1}@example.org>"
        mail["References"] = f"<{thread}.0@example.org>"
    text = _TEXT if not place else _TEXT + _QUOTE + "".join(f"> {_TEXT}" for _ in range(place * 3))
    mail.set_content(text)
    mail.add_alternative(f"<p>{text.replace(chr(10), '<br>')}</p>", subtype="html")
    return mail


def main(mails: int) -> None:
    """Keep the mails, take them in, and print how long each took."""
    brand = Brand.objects.create(name="Pazar", default_language="tr")
    # Confirmations wait on a queue of their own.
    mailbox = Mailbox.objects.create(brand=brand, address="destek@example.com")
    begun = time.monotonic()
    for number in range(mails):
        store_mail(mailbox=mailbox, content=bytes(written(number)), now=timezone.now())
    kept, worked = time.monotonic(), time.process_time()
    while RawMail.objects.filter(state=RawMail.State.STORED).exists():
        drain("media")
    done, cpu = time.monotonic(), time.process_time() - worked
    lines = Entry.objects.filter(kind=Entry.Kind.MESSAGE).count()
    assert lines == mails, f"{lines} lines of {mails} mails"
    made = {"kept": mails / (kept - begun), "taken": mails / (done - kept), "by_cpu": mails / cpu}
    print(json.dumps(made))


if __name__ == "__main__":
    main(int(sys.argv[1]))
