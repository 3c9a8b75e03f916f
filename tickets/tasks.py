"""Effects of tickets."""

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.outbox.registry import register, register_together
from tickets.mail.answers import deliver
from tickets.mail.digest import mail_digest
from tickets.mail.inbound.fetching import fetch_all
from tickets.mail.inbound.ingest import ingest
from tickets.mail.inbound.listening import listen_to_all
from tickets.mail.send import MAIL, mail_ticket
from tickets.operations.deliveries import DELIVER, deliveries_of
from tickets.operations.digests import DIGEST, start_digests
from tickets.operations.mails import INGEST
from tickets.operations.waiting import also_hasten

# Mails of all rooms: a server that hangs holds up its own alone, and those keep their order.
AT_ONCE = 4
# Incoming mails that are looked up by the statements of one.
TOGETHER = 8

register(MAIL, mail_ticket, queue="mail", at_most_once=True, label=_("E-mail: answer to a ticket"))
register(
    DELIVER,
    # Its row says itself how far it is: done again, it sends nothing twice.
    deliver,
    queue="mail",
    parallel=AT_ONCE,
    in_turn="server",
    label=_("E-mail: an agent's answer to a ticket"),
)
also_hasten(kind=DELIVER, name="delivery", of_brand=deliveries_of)
register(DIGEST, mail_digest, queue="mail", at_most_once=True, label=_("E-mail: waiting tickets"))
# Reading may take long, and nobody waits for it as for a mail that is to leave.
register_together(
    INGEST,
    ingest,
    together=TOGETHER,
    alike=lambda payload: INGEST,
    queue="media",
    label=_("E-mail: incoming"),
)


@shared_task(name="tickets.digests", ignore_result=True)
def digests(**_options: object) -> None:
    """Tell those whose morning it is which tickets wait."""
    start_digests(now=timezone.now())


@shared_task(name="tickets.fetch_mail", ignore_result=True)
def fetch_mail(**_options: object) -> None:
    """Keep what has come into the mailboxes."""
    fetch_all()
    listen_to_mail()


@shared_task(name="tickets.listen_to_mail", ignore_result=True)
def listen_to_mail(**_options: object) -> None:
    """Listen to the mailboxes whose servers tell of more, wherever whoever did has vanished."""
    listen_to_all()
