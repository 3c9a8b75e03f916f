"""How a customer is called and drawn."""

from dataclasses import dataclass
from zlib import crc32

from agents.access import Access
from chat.models import Conversation
from config.text.cleaning import initials
from tickets.queries.customers import email_known, phone_known

HUES = 8


@dataclass(frozen=True, kw_only=True)
class Face:
    """A name, two letters and one of eight colours that stays the same for the same person."""

    name: str
    initials: str
    hue: int


def own_name(conversation: Conversation) -> str:
    """Return the signed name of the visitor, else the one that they gave, or ""; wants visitor
    loaded."""
    visitor = conversation.visitor
    return (
        (visitor.signed.get("name", "") if visitor else "")
        or str(conversation.fields.get("name") or "").strip()
        or (visitor.name if visitor else "")
    )


def given_name(conversation: Conversation) -> str:
    """Return how agents call the customer: the visitor's own name, else what is known, or "";
    wants visitor and contact loaded."""
    contact = conversation.contact
    return own_name(conversation) or (contact.name if contact else "")


def email_of(conversation: Conversation) -> str:
    """Return the customer's address, or "", whoever was told it; wants visitor and contact loaded.

    Agents are shown `email_seen`.
    """
    contact = conversation.contact
    return _own_email(conversation) or (contact.email if contact else "")


def phone_of(conversation: Conversation) -> str:
    """Return the customer's number, or "", whoever was told it; wants visitor and contact loaded.

    Agents are shown `phone_seen`.
    """
    contact = conversation.contact
    return _own_phone(conversation) or (contact.phone if contact else "")


def email_seen(access: Access, conversation: Conversation) -> str:
    """Return the address that the customer gave here, or told a brand of the agent's, or ""."""
    contact = conversation.contact
    return _own_email(conversation) or (email_known(access, contact) if contact else "")


def phone_seen(access: Access, conversation: Conversation) -> str:
    """Return the number that the customer gave here, or told a brand of the agent's, or ""."""
    contact = conversation.contact
    return _own_phone(conversation) or (phone_known(access, contact) if contact else "")


def _own_email(conversation: Conversation) -> str:
    visitor = conversation.visitor
    return (
        (visitor.signed.get("email", "") if visitor else "")
        or str(conversation.fields.get("email") or "").strip()
        or (visitor.email if visitor else "")
    )


def _own_phone(conversation: Conversation) -> str:
    visitor = conversation.visitor
    return (
        (visitor.signed.get("phone", "") if visitor else "")
        or str(conversation.fields.get("phone") or "").strip()
        or (visitor.phone if visitor else "")
    )


def face_of(conversation: Conversation) -> Face:
    """Return who `conversation` is with; wants visitor and contact loaded."""
    visitor = conversation.visitor
    name = given_name(conversation) or (visitor.label if visitor else "")
    # One colour in all browsers of a person whom the site has signed.
    key = (visitor.external_id or visitor.public_id) if visitor else conversation.public_id
    return Face(
        name=name,
        initials=initials(name),
        hue=crc32(key.encode()) % HUES,
    )
