"""Customers, tickets and their mail in the administration."""

from tickets.admin import blocked, mailboxes, mails, tickets

__all__ = ["blocked", "mailboxes", "mails", "tickets"]
