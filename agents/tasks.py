"""What workers do for this room."""

from agents.operations import invitations, passwords
from config.outbox.registry import register

register(invitations.MAIL, invitations.mail_invitation, queue="mail")
register(passwords.MAIL, passwords.mail_password_reset, queue="mail")
