"""Customers, tickets and their mail in the administration."""

from tickets.admin import mailboxes, tickets

__all__ = ["mailboxes", "tickets"]
