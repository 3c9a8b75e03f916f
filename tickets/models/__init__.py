"""Rows of contacts, tickets and files."""

from tickets.models.contact import Contact
from tickets.models.draft import Draft
from tickets.models.entry import Entry
from tickets.models.file import File
from tickets.models.tag import TicketTag
from tickets.models.ticket import Ticket

__all__ = ["Contact", "Draft", "Entry", "File", "Ticket", "TicketTag"]
