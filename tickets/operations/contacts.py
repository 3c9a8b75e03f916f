"""Making people of what is claimed, and what becomes known of them."""

from datetime import datetime

from django.db import IntegrityError, transaction

from config.folding import sort_key
from tickets.models import Contact, Identity
from tickets.models.identity import folded

_Kind = Identity.Kind


@transaction.atomic
def create_contact(
    *,
    name: str,
    email: str,
    phone: str = "",
    language: str,
    now: datetime,
    is_email_verified: bool = False,
) -> Contact:
    """Make a person of what somebody claims to be; never looks for others with the same e-mail.

    A verified address that is another's already stays a claim of this one.
    """
    contact = Contact.objects.create(
        name=name[:120],
        # Some letters come apart into many.
        sort_name=sort_key(name[:120])[:600],
        email=email[:254],
        phone=phone[:32],
        language=language,
        created_at=now,
    )
    keep_identity(contact=contact, kind=_Kind.EMAIL, value=contact.email)
    keep_identity(contact=contact, kind=_Kind.PHONE, value=contact.phone)
    if is_email_verified:
        verify_email(contact=contact, email=contact.email)
    return contact


@transaction.atomic
def set_email(*, contact: Contact, email: str) -> None:
    """Note where somebody says that a person can be reached."""
    contact.email = email[:254]
    contact.is_email_verified = False
    contact.save(update_fields=["email", "is_email_verified"])
    keep_identity(contact=contact, kind=_Kind.EMAIL, value=contact.email)


@transaction.atomic
def set_phone(*, contact: Contact, phone: str) -> None:
    """Correct a person's number; the old one is theirs no more."""
    wrong = contact.identities.filter(kind=_Kind.PHONE, value=folded(_Kind.PHONE, contact.phone))
    wrong.delete()
    contact.phone = phone[:32]
    contact.save(update_fields=["phone"])
    keep_identity(contact=contact, kind=_Kind.PHONE, value=contact.phone)


@transaction.atomic
def verify_email(*, contact: Contact, email: str) -> bool:
    """Note that somebody has proven to read an address; False when it is another person's.

    Only the address at which the person is reached counts.
    """
    if not email or email.casefold() != contact.email.casefold():
        return False
    identity = keep_identity(
        contact=contact, kind=_Kind.EMAIL, value=contact.email, is_verified=True
    )
    is_theirs = identity is not None and identity.is_verified
    if is_theirs and not contact.is_email_verified:
        contact.is_email_verified = True
        contact.save(update_fields=["is_email_verified"])
    return is_theirs


@transaction.atomic
def keep_identity(
    *, contact: Contact, kind: str, value: str, is_verified: bool = False
) -> Identity | None:
    """Note by what a person is known; nothing for what identifies nobody.

    What one has proven stays theirs: of all others it is a claim.
    """
    key = folded(kind, value)
    if not key:
        return None
    identity: Identity
    identity, _is_new = Identity.objects.get_or_create(contact=contact, kind=kind, value=key)
    if is_verified and not identity.is_verified:
        try:
            with transaction.atomic():
                identity.is_verified = True
                identity.save(update_fields=["is_verified"])
        except IntegrityError:
            identity.is_verified = False
    return identity


def who_has(*, kind: str, value: str) -> Contact | None:
    """Return the person who has proven to be known by this."""
    proven = Identity.objects.filter(kind=kind, value=folded(kind, value), is_verified=True)
    found: Identity | None = proven.select_related("contact").first()
    return found.contact if found else None
