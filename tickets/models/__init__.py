"""Rows of contacts, tickets, files and mail."""

from tickets.models.apart import Apart
from tickets.models.blocked_sender import BlockedSender
from tickets.models.contact import Contact
from tickets.models.contact_change import ContactChange
from tickets.models.contact_note import ContactNote
from tickets.models.dead_address import DeadAddress
from tickets.models.delivery import Delivery, MailId
from tickets.models.draft import Draft
from tickets.models.entry import Entry
from tickets.models.file import File
from tickets.models.identity import Identity
from tickets.models.mailbox import Mailbox, Security
from tickets.models.merge import Merge
from tickets.models.raw_mail import RawMail
from tickets.models.sending import Sending
from tickets.models.tag import TicketTag
from tickets.models.ticket import Ticket

__all__ = [
    "Apart",
    "BlockedSender",
    "Contact",
    "ContactChange",
    "ContactNote",
    "DeadAddress",
    "Delivery",
    "Draft",
    "Entry",
    "File",
    "Identity",
    "MailId",
    "Mailbox",
    "Merge",
    "RawMail",
    "Security",
    "Sending",
    "Ticket",
    "TicketTag",
]
