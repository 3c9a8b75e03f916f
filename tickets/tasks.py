"""Effects of tickets."""

from django.utils.translation import gettext_lazy as _

from config.outbox.registry import register
from tickets.mail.answers import deliver
from tickets.mail.inbound.ingest import ingest
from tickets.mail.send import MAIL, mail_ticket
from tickets.operations.deliveries import DELIVER
from tickets.operations.mails import INGEST

register(MAIL, mail_ticket, queue="mail", at_most_once=True, label=_("E-mail: answer to a ticket"))
# Its row says itself how far it is: done again, it sends nothing twice.
register(DELIVER, deliver, queue="mail", label=_("E-mail: an agent's answer to a ticket"))
# Reading may take long, and nobody waits for it as for a mail that is to leave.
register(INGEST, ingest, queue="media", label=_("E-mail: incoming"))
