"""Making people of what is claimed, and what becomes known of them."""

from datetime import datetime

from django.db import transaction

from config.folding import sort_key
from tickets.models import Contact


def create_contact(
    *,
    name: str,
    email: str,
    phone: str = "",
    language: str,
    now: datetime,
    is_email_verified: bool = False,
) -> Contact:
    """Make a person of what somebody claims to be; never looks for others with the same e-mail."""
    return Contact.objects.create(
        name=name[:120],
        # Some letters come apart into many.
        sort_name=sort_key(name[:120])[:600],
        email=email[:254],
        phone=phone[:32],
        is_email_verified=is_email_verified,
        language=language,
        created_at=now,
    )


@transaction.atomic
def set_email(*, contact: Contact, email: str) -> None:
    """Note where somebody says that a person can be reached."""
    contact.email = email[:254]
    contact.is_email_verified = False
    contact.save(update_fields=["email", "is_email_verified"])
