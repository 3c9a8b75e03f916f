"""What workers do for this room."""

from django.utils.translation import gettext_lazy as _

from agents.operations import invitations, passwords
from config.outbox.registry import register

register(invitations.MAIL, invitations.mail_invitation, queue="mail", label=_("E-mail: invitation"))
register(
    passwords.MAIL, passwords.mail_password_reset, queue="mail", label=_("E-mail: new password")
)
