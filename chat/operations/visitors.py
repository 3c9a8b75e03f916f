"""Who a visitor is, what becomes known of them, and telling the agents who look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from agents.credentials.browsers import device_name
from agents.models import Brand
from chat.events.words import VisitorChanged
from chat.locks import lock_visitor
from chat.models import Conversation, Visitor
from chat.models.visitor import LENGTHS
from config.events import publish
from config.wire import wire_time
from tickets.models import Contact, Identity
from tickets.operations.contacts import keep_identity

EVENTS_KEPT = 20
_NEW_VISIT = timedelta(minutes=30)
_SEEN_STEP = timedelta(minutes=10)
# What the brand's server may say of a person.
_SIGNED = ("external_id", "verified", *LENGTHS)


class SomebodyElse(Exception):
    """The browser's row is another brand's visitor, or another person."""


@dataclass(frozen=True)
class SignedVisitor:
    """A person as the brand's server knows them; `fields` are name, email and phone."""

    sub: str
    fields: dict[str, str]
    # The secret that signed it: of one brand, and gone when it may be trusted no more.
    secret_id: int
    # When its signature was checked, in seconds since 1970: however often we sign it again.
    proved_at: int


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Where somebody without a row calls from."""

    brand: Brand
    secret_hash: str
    language: str
    page: dict[str, str]
    address: str | None
    user_agent: str
    consent: dict[str, Any] | None


class SiteEvent(NamedTuple):
    """Something that the site told, such as "added_to_cart"."""

    name: str
    at: datetime


def keep_events(visitor: Visitor, events: Sequence[SiteEvent]) -> None:
    """Add to what a locked visitor did on the site; only the newest are kept."""
    if events:
        told = [{"name": each.name, "at": wire_time(each.at)} for each in events]
        visitor.events = [*visitor.events, *told][-EVENTS_KEPT:]
        visitor.save(update_fields=["events"])


@transaction.atomic
def note_site_event(*, visitor: Visitor, name: str, now: datetime) -> None:
    """Keep what the site tells of somebody who has a row."""
    locked = lock_visitor(visitor.pk)
    keep_events(locked, [SiteEvent(name, now)])
    show_visitor(visitor=locked)


def show_visitor(*, visitor: Visitor) -> None:
    """Have the agents who look at a chat of the visitor look at the customer again."""
    chats = Conversation.objects.filter(visitor=visitor, status__in=Conversation.OPEN)
    if rows := tuple(chats.values_list("pk", "public_id")):
        publish(VisitorChanged(chats=rows))


@transaction.atomic
def remember_visitor(
    *, known: Visitor | None, browser: Browser, identity: SignedVisitor | None, now: datetime
) -> Visitor:
    """Return the `known` visitor or a row for the browser, as the person who was signed.

    Raises `SomebodyElse`.
    """
    visitor = known or _make_row(browser, now)
    # Also when another page of the browser, which was told of nobody, has made the row.
    if identity is not None and not identify_visitor(visitor=visitor, identity=identity):
        raise SomebodyElse
    return visitor


def _make_row(browser: Browser, now: datetime) -> Visitor:
    consent = browser.consent
    visitor, _ = Visitor.objects.get_or_create(
        secret_hash=browser.secret_hash,
        defaults={
            "brand": browser.brand,
            "language": browser.language,
            "page": browser.page,
            "user_agent": browser.user_agent[:400].replace("\0", ""),
            "device": device_name(browser.user_agent),
            "ip": browser.address,
            "consent": {**consent, "at": now.isoformat()} if consent is not None else {},
            "created_at": now,
            "seen_at": now,
        },
    )
    if visitor.brand_id != browser.brand.pk:
        raise SomebodyElse
    visitor.brand = browser.brand
    return visitor


def greet_again(
    *,
    visitor: Visitor,
    language: str,
    page: dict[str, str],
    consent: dict[str, Any] | None,
    address: str | None,
    now: datetime,
) -> None:
    """Note that a visitor with a row is back, where and from where, and what they accepted."""
    page, address = page or visitor.page, address or visitor.ip
    is_same = (visitor.language, visitor.page, visitor.ip) == (language, page, address)
    if is_same and consent is None and now - visitor.seen_at < _SEEN_STEP:
        # A herd of widgets that reconnects must not cost a write each.
        return
    if now - visitor.seen_at > _NEW_VISIT:
        visitor.visits += 1
    if consent is not None:
        visitor.consent = {**consent, "at": now.isoformat()}
    if visitor.ip != address:
        visitor.ip_changed_at = now if visitor.ip else None
    visitor.ip = address
    visitor.language = language
    visitor.page = page
    visitor.seen_at = now
    written = ["visits", "consent", "language", "page", "ip", "ip_changed_at", "seen_at"]
    visitor.save(update_fields=written)


@transaction.atomic
def identify_visitor(*, visitor: Visitor, identity: SignedVisitor) -> bool:
    """Make the visitor the signed person; False when it is somebody else."""
    if visitor.external_id not in {"", identity.sub}:
        return False
    # Most are known as they are, and cost no lock.
    if not _take_identity(visitor, identity):
        return True
    # A form, a ticket or another tab may be changing the same.
    locked = lock_visitor(visitor.pk)
    if locked.external_id not in {"", identity.sub}:
        return False
    if taken := _take_identity(locked, identity):
        locked.save(update_fields=taken)
        keep_browser(locked)
        show_visitor(visitor=locked)
    visitor.refresh_from_db(from_queryset=Visitor.objects.select_related("brand"))
    return True


def _take_identity(visitor: Visitor, identity: SignedVisitor) -> list[str]:
    """Make the visitor that person; return the fields to save, none when it was known."""
    before = [getattr(visitor, name) for name in _SIGNED]
    visitor.external_id = identity.sub
    visitor.verified = sorted(identity.fields)
    for name, value in identity.fields.items():
        setattr(visitor, name, value)
    if [getattr(visitor, name) for name in _SIGNED] == before:
        return []
    if visitor.contact_id is None:
        visitor.contact = contact_of_identity(visitor)
    return [*_SIGNED, "contact"]


def keep_browser(visitor: Visitor) -> None:
    """Note that a locked visitor's browser is that of their person: its secret is the proof."""
    if visitor.contact is not None:
        keep_identity(
            contact=visitor.contact,
            kind=Identity.Kind.VISITOR,
            value=visitor.public_id,
            brand=visitor.brand,
            is_verified=True,
        )


def contact_of_identity(visitor: Visitor) -> Contact | None:
    """Return the contact that another browser of the same signed person has."""
    if not visitor.external_id:
        return None
    others = Visitor.objects.filter(brand=visitor.brand_id, external_id=visitor.external_id)
    other = others.exclude(contact=None).select_related("contact").order_by("pk").first()
    return other.contact if other else None
