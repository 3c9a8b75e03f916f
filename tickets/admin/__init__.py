"""Customers, tickets and their mail in the administration."""

from tickets.admin import mailboxes, mails, tickets

__all__ = ["mailboxes", "mails", "tickets"]
