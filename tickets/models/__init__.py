"""Rows of contacts and tickets."""

from tickets.models.ticket import Contact, Entry, Ticket

__all__ = ["Contact", "Entry", "Ticket"]
