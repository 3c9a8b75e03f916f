"""Effects of tickets."""

from django.utils.translation import gettext_lazy as _

from config.outbox.registry import register
from tickets.mail.send import MAIL, mail_ticket

register(MAIL, mail_ticket, queue="mail", at_most_once=True, label=_("E-mail: answer to a ticket"))
