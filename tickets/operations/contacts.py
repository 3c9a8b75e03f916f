"""Making people of what is claimed, and what becomes known of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from agents.access import access_of
from agents.audit import record
from agents.models import Agent, Brand
from config.events import publish
from config.text.folding import fold, sort_key
from tickets.events import TicketChanged
from tickets.models import Contact, ContactChange, ContactNote, Identity, Ticket
from tickets.models.contact_note import NOTE_MAX
from tickets.models.identity import folded
from tickets.operations.addresses import mark_alive
from tickets.operations.owners import lock_tickets
from tickets.operations.rooms_above import rooms
from tickets.rights import (
    OthersAnswer,
    answers_all_of,
    brands_met,
    brands_of_customer,
    lock_customer,
)

_Kind = Identity.Kind


class NotMovable(Exception):
    """What is proven, a browser, the same twice, or what was never linked."""


class InvalidNote(Exception):
    """A note without words, or with too many."""


@transaction.atomic
def create_contact(
    *,
    name: str,
    email: str,
    phone: str = "",
    language: str,
    now: datetime,
    brand: Brand | None = None,
    is_email_verified: bool = False,
) -> Contact:
    """Make a person of what somebody claims to be; never looks for others with the same e-mail.

    A verified address that is another's already stays a claim of this one. `brand` is who was told.
    """
    contact = Contact(
        name=name[:120],
        email=email[:254],
        phone=phone[:32],
        language=language,
        # Nearly always true; corrected below where it is somebody else's.
        is_email_verified=is_email_verified and bool(email),
        created_at=now,
    )
    name_contact(contact)
    contact.save()
    if not _begin_identity(contact, _Kind.EMAIL, contact.email, brand, contact.is_email_verified):
        contact.is_email_verified = False
        contact.save(update_fields=["is_email_verified"])
    _begin_identity(contact, _Kind.PHONE, contact.phone, brand, is_verified=False)
    return contact


def _begin_identity(
    contact: Contact, kind: str, value: str, brand: Brand | None, is_verified: bool
) -> bool:
    """Note by what somebody new is known; False when it should be theirs and is another's."""
    key = folded(kind, value)
    if not key:
        return not is_verified
    identity = Identity(contact=contact, kind=kind, value=key, brand=brand, is_verified=is_verified)
    if not is_verified:
        identity.save()
        return True
    try:
        with transaction.atomic():
            identity.save()
    except IntegrityError:
        Identity.objects.create(contact=contact, kind=kind, value=key, brand=brand)
        return False
    return True


@transaction.atomic
def set_email(*, contact: Contact, email: str, brand: Brand | None = None) -> None:
    """Note where somebody says that a person can be reached."""
    contact.email = email[:254]
    identity = keep_identity(contact=contact, kind=_Kind.EMAIL, value=contact.email, brand=brand)
    # Also of several proven ones the other.
    contact.is_email_verified = identity is not None and identity.is_verified
    note_search(contact)
    contact.save(update_fields=["email", "is_email_verified", "search"])


@transaction.atomic
def set_phone(*, contact: Contact, phone: str) -> None:
    """Correct a person's number; the old one is theirs no more."""
    wrong = contact.identities.filter(kind=_Kind.PHONE, value=folded(_Kind.PHONE, contact.phone))
    wrong.delete()
    contact.phone = phone[:32]
    note_search(contact)
    contact.save(update_fields=["phone", "search"])
    keep_identity(contact=contact, kind=_Kind.PHONE, value=contact.phone)


@transaction.atomic
def keep_given(*, contact: Contact, email: str, phone: str, brand: Brand) -> None:
    """Note by what a customer says that they can be reached, unproven.

    It counts where nothing was known. What was known stays: anybody may type anything.
    """
    if email and not contact.email:
        set_email(contact=contact, email=email, brand=brand)
    if phone and not contact.phone:
        contact.phone = phone[:32]
        note_search(contact)
        contact.save(update_fields=["phone", "search"])
    keep_identity(contact=contact, kind=_Kind.EMAIL, value=email[:254], brand=brand)
    keep_identity(contact=contact, kind=_Kind.PHONE, value=phone[:32], brand=brand)


@transaction.atomic
def verify_email(*, contact: Contact, email: str, brand: Brand | None = None) -> bool:
    """Note that somebody has proven to read an address; False when it is another person's.

    Only the address at which the person is reached counts; and of somebody who came by a browser
    nothing, for a stranger may have typed it there: whoever reads it is somebody of their own, and
    agents say that both are one.
    """
    if not email or email.casefold() != contact.email.casefold():
        return False
    # Who writes from it is there.
    mark_alive(address=email)
    is_proof = not contact.identities.filter(kind=_Kind.VISITOR).exists()
    identity = keep_identity(
        contact=contact, kind=_Kind.EMAIL, value=contact.email, brand=brand, is_verified=is_proof
    )
    is_theirs = identity is not None and identity.is_verified
    if is_theirs and not contact.is_email_verified:
        contact.is_email_verified = True
        contact.save(update_fields=["is_email_verified"])
    return is_theirs


@transaction.atomic
def keep_identity(
    *,
    contact: Contact,
    kind: str,
    value: str,
    brand: Brand | None = None,
    is_verified: bool = False,
) -> Identity | None:
    """Note by what a person is known; nothing for what identifies nobody.

    What one has proven stays theirs: of all others it is a claim. What was told to one `brand`
    alone, others don't see.
    """
    key = folded(kind, value)
    if not key:
        return None
    identity: Identity
    identity, is_new = Identity.objects.get_or_create(
        contact=contact, kind=kind, value=key, defaults={"brand": brand}
    )
    if not is_new and identity.brand_id and identity.brand_id != (brand.pk if brand else None):
        identity.brand = None
        identity.save(update_fields=["brand"])
    if is_verified and not identity.is_verified:
        try:
            with transaction.atomic():
                identity.is_verified = True
                identity.save(update_fields=["is_verified"])
        except IntegrityError:
            identity.is_verified = False
    return identity


def who_has(*, kind: str, value: str) -> Contact | None:
    """Return the person who has proven to be known by this, locked: nobody merges them now."""
    proven = Identity.objects.filter(kind=kind, value=folded(kind, value), is_verified=True)
    rows = Contact.objects.select_for_update(no_key=True, of=("self",))
    found: Contact | None = rows.filter(pk__in=proven.values("contact")).first()
    # Merged at this very moment: the proof is the survivor's.
    return rows.get(pk=found.merged_into_id) if found and found.merged_into_id else found


@transaction.atomic
def change_contact(
    *, contact: Contact, by: Agent, changes: Mapping[str, str], now: datetime
) -> Contact:
    """Correct name, e-mail, phone or language of a customer; what is new is not proven.

    Their unfinished tickets are answered at the corrected address, also where they gave another,
    and in the corrected language.
    Who did it, and what it was before, stands in the customer's history. Raises
    `CustomerNotAuthorised`, of where they are reached `OthersAnswer`.
    """
    for room in rooms:
        room.hold((contact.pk,))
    own = Ticket.objects.filter(contact=contact.pk).exclude(status__in=Ticket.DONE)
    tickets = lock_tickets(own) if {"email", "language"}.intersection(changes) else []
    locked = lock_customer(contact, by=by)
    before = {key: str(getattr(locked, key)) for key in changes}
    different = {key: value for key, value in changes.items() if getattr(locked, key) != value}
    reached = sorted({"email", "phone"} & set(different))
    if reached and not answers_all_of(access_of(by), locked):
        raise OthersAnswer(*reached)
    if "email" in different:
        wrong = locked.identities.filter(kind=_Kind.EMAIL, is_verified=False, linked_from=None)
        wrong.filter(value=folded(_Kind.EMAIL, locked.email)).delete()
        set_email(contact=locked, email=different["email"])
    if "phone" in different:
        set_phone(contact=locked, phone=different["phone"])
    locked.name = different.get("name", locked.name)
    locked.language = different.get("language", locked.language)
    name_contact(locked)
    locked.save(update_fields=["name", "sort_name", "language", "search"])
    _answer_as_corrected(tickets, different)
    if different:
        record("contact.changed", locked, by=by, fields=sorted(different))
        became = {key: [before[key], str(getattr(locked, key))] for key in different}
        ContactChange.objects.create(contact=locked, agent=by, data=became, created_at=now)
        for room in rooms:
            room.correct(locked.pk, became)
            room.show(locked.pk)
    return locked


def _answer_as_corrected(tickets: Sequence[Ticket], different: Mapping[str, str]) -> None:
    if not {"email", "language"}.intersection(different):
        return
    for ticket in tickets:
        if "email" in different:
            ticket.email = ""
        ticket.language = different.get("language") or ticket.language
        publish(TicketChanged.of(ticket, "customer"))
    Ticket.objects.bulk_update(tickets, ["email", "language"], batch_size=200)


@transaction.atomic
def link_identity(*, identity: Identity, contact: Contact, by: Agent) -> None:
    """Say that what somebody else only claims is this customer's; again changes nothing.

    Raises `NotMovable` or `CustomerNotAuthorised`.
    """
    target = lock_customer(contact, by=by)
    locked = Identity.objects.select_for_update(of=("self",)).get(pk=identity.pk)
    if locked.contact_id == target.pk:
        return
    lock_customer(locked.contact, by=by)
    same = target.identities.filter(kind=locked.kind, value=locked.value)
    if locked.is_verified or locked.kind == _Kind.VISITOR or same.exists():
        raise NotMovable
    record("contact.linked", target, by=by, identity=str(locked), before=locked.contact_id)
    locked.linked_by, locked.linked_from, locked.contact = by, locked.contact, target
    locked.save(update_fields=["contact", "linked_by", "linked_from"])


@transaction.atomic
def unlink_identity(*, identity: Identity, by: Agent) -> None:
    """Undo that: it is whose it was. Raises `NotMovable` or `CustomerNotAuthorised`."""
    linked_to = lock_customer(identity.contact, by=by)
    locked = Identity.objects.select_for_update(of=("self",)).get(pk=identity.pk)
    own = locked.linked_from
    if own is None or not locked.is_linked or locked.is_verified:
        raise NotMovable
    if own.identities.filter(kind=locked.kind, value=locked.value).exists():
        # They said the same again meanwhile.
        locked.delete()
    else:
        locked.contact, locked.linked_by, locked.linked_from = own, None, None
        locked.save(update_fields=["contact", "linked_by", "linked_from"])
    record("contact.unlinked", linked_to, by=by, identity=str(locked))


def name_contact(contact: Contact) -> None:
    """Have lists sort and searches find a contact, which the caller saves, by what it is called."""
    # Some letters come apart into many.
    contact.sort_name = sort_key(contact.name)[:600]
    note_search(contact)


def note_search(contact: Contact) -> None:
    """Have a search find a contact, which the caller saves, by name, address and number.

    Also by those of customers who were merged into it. Its own name stands in the first line, for
    that is what everybody may know who meets it.
    """
    merged = Contact.objects.filter(merged_into=contact).order_by("pk") if contact.pk else ()
    known: list[str] = []
    for each in (contact, *merged):
        digits = "".join(sign for sign in each.phone if sign.isdigit())
        known += [each.name, each.email, each.phone, digits]
    name = " ".join(contact.name.split())
    rest = dict.fromkeys(part for part in known[1:] if part)
    contact.search = fold("\n".join((name, *rest, "")))


@transaction.atomic
def add_contact_note(
    *, contact: Contact, text: str, client_id: str, by: Agent, now: datetime
) -> ContactNote:
    """Note what colleagues should know of a customer; the same `client_id` again is the same note.

    Raises `InvalidNote`, or `CustomerNotAuthorised` of somebody whom the agent may not see (any
    more).
    """
    body = text.strip()
    if not body or len(body) > NOTE_MAX or "\0" in body or not 0 < len(client_id) <= 64:
        raise InvalidNote
    seen = lock_customer(contact, by=by, whole=False)
    met, known = brands_met(access_of(by)), brands_of_customer(seen)
    through = known if met is None else known & met
    note: ContactNote
    note, _is_new = ContactNote.objects.get_or_create(
        agent=by,
        client_id=client_id,
        defaults={
            "contact": seen,
            "brand_id": through.pop() if len(through) == 1 else None,
            "body": body,
            "created_at": now,
        },
    )
    return note
