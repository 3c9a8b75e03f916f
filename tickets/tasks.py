"""Effects of tickets."""

from django.utils.translation import gettext_lazy as _

from config.outbox.registry import register
from tickets.mail.answers import deliver
from tickets.mail.send import MAIL, mail_ticket
from tickets.operations.deliveries import DELIVER

register(MAIL, mail_ticket, queue="mail", at_most_once=True, label=_("E-mail: answer to a ticket"))
# Its row says itself how far it is: done again, it sends nothing twice.
register(DELIVER, deliver, queue="mail", label=_("E-mail: an agent's answer to a ticket"))
