"""The list of customers, and a search through it."""

from dataclasses import dataclass

from django.db.models import (
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    prefetch_related_objects,
)
from django.db.models.functions import Left, StrIndex

from agents.access import Access
from agents.models import Brand
from config.text.cleaning import key_of
from config.text.folding import fold
from tickets.models import Contact, Identity, Ticket
from tickets.models.identity import folded
from tickets.models.querysets import ContactQuerySet
from tickets.queries.words import says
from tickets.rights import brands_met, known_to

PAGE = 40
WORDS_MAX = 8
_OF_NUMBERS = set("0123456789 +-()/.")
# What is dialled before it depends on where the caller is: 0532 … and +90 532 … are the same.
_OF_A_NUMBER = 10
# Fewer digits are parts of too many numbers.
_DIGITS_MIN, _OWNERS_MAX = 5, 100


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some customers, and where the next ones begin ("" at the end)."""

    customers: list[Contact]
    after: str


def customers_of(
    access: Access, *, words: str = "", brand: Brand | None = None, are_proven: bool | None = None
) -> QuerySet[Contact]:
    """Return whom the agent may see, by parts of name, e-mail or phone in whatever letters.

    By parts of an address or number only if it was told to a brand of the agent's.
    """
    rows: ContactQuerySet = Contact.objects.visible_to(access).filter(merged_into=None)
    if brand is not None:
        rows = rows.of_brand(brand.pk, access)
    if are_proven is not None:
        rows = rows.proven(known_to(access), are=are_proven)
    found: QuerySet[Contact] = rows
    words = words.replace("\0", "").strip()
    if _is_number(words):
        return _holding(found, access, words, part=_digits(words) or words)
    for word in words.split()[:WORDS_MAX]:
        found = _holding(found, access, word, part=fold(word))
    return found


def _is_number(words: str) -> bool:
    return bool(words) and set(words) <= _OF_NUMBERS


def _digits(words: str) -> str:
    """Return the digits of a number, however somebody groups them."""
    return "".join(sign for sign in words if sign.isdigit())[-_OF_A_NUMBER:]


def owners_of_number(access: Access, words: str) -> list[int]:
    """Return the customers whose number, or a part of it, is all that `words` are.

    Only if it was told to a brand of the agent's.
    """
    digits = _digits(words) if _is_number(words) else ""
    if len(digits) < _DIGITS_MIN:
        return []
    found: QuerySet[Contact] = Contact.objects.filter(merged_into=None, search__contains=digits)
    if brands_met(access) is not None:
        found = found.filter(_told(access, Q(value__contains=digits), Identity.Kind.PHONE))
    found = found.order_by("-pk")
    return list(found.values_list("pk", flat=True)[:_OWNERS_MAX])


def _holding(
    found: QuerySet[Contact], access: Access, typed: str, *, part: str
) -> QuerySet[Contact]:
    """Keep those who are found by `part`, which is what was `typed` as searches compare it.

    By their name, or by an address or number that a brand of the agent's was told itself: `search`
    also holds what others were told, and what those who were merged since were known by.
    """
    # Also before it is asked of identities: of these words an index knows the rows.
    found = found.filter(says(part))
    if brands_met(access) is None:
        return found
    # Domains keep their marks in identities.
    holds = Q(value__contains=part) | Q(value__contains=typed.casefold())
    told = _told(access, holds, Identity.Kind.EMAIL, Identity.Kind.PHONE)
    name = Left("search", StrIndex("search", Value("\n")))
    # Found by as much of it as of all the rest, or the difference would tell of the rest.
    named = says(part, "search_name") or Q(search_name__contains=part)
    return found.alias(search_name=name).filter(Q(told) | named)


def _told(access: Access, holds: Q, *kinds: str) -> Exists:
    """Match whom the agent's brands know by an identity that `holds`."""
    own = Identity.objects.filter(known_to(access), holds, contact=OuterRef("pk"), kind__in=kinds)
    return Exists(own)


def with_identities(found: QuerySet[Contact], access: Access) -> QuerySet[Contact]:
    """Load by what each is known to the agent."""
    known = Identity.objects.filter(known_to(access)).order_by("kind", "pk")
    return found.prefetch_related(Prefetch("identities", known))


def phone_known(access: Access, contact: Contact) -> str:
    """Return a customer's number, unless it was told to other brands alone."""
    return _known(access, contact, Identity.Kind.PHONE, contact.phone)


def email_known(access: Access, contact: Contact) -> str:
    """Return a customer's address, unless it was told to other brands alone."""
    return _known(access, contact, Identity.Kind.EMAIL, contact.email)


def _known(access: Access, contact: Contact, kind: str, value: str) -> str:
    key, met = folded(kind, value), brands_met(access)
    if not key or met is None:
        return value
    # By what somebody was known who was merged, the survivor is known now.
    whole = contact.merged_into or contact
    # Asked once for address and number.
    prefetch_related_objects([whole], "identities")
    own = {each.brand_id for each in whole.identities.all() if each.value == key}
    return value if own & {None, *met} else ""


def name_known(access: Access, contact: Contact) -> str:
    """Return what to call a customer, as far as the agent may know."""
    return (
        contact.name
        or email_known(access, contact)
        or phone_known(access, contact)
        or f"#{contact.pk}"
    )


def name_at_ticket(access: Access, ticket: Ticket) -> str:
    """Return what to call the customer of a ticket, whose address everybody sees who sees it."""
    return ticket.contact.name or ticket.address or name_known(access, ticket.contact)


def called(access: Access, contact: Contact) -> tuple[str, str]:
    """Return a customer's name, and the e-mail address or else the phone number.

    As far as the agent may know them; each is "" where it is not known.
    """
    reached = email_known(access, contact), phone_known(access, contact)
    name = name_known(access, contact)
    return name, next((each for each in reached if each and each != name), "")


def page_of(found: QuerySet[Contact], *, after: str = "") -> Page:
    """Return one page, the newest first, after the customer `after`."""
    if after:
        found = found.filter(pk__lt=key_of(after) or 0)
    rows = list(found.order_by("-pk")[: PAGE + 1])
    return Page(customers=rows[:PAGE], after=str(rows[PAGE - 1].pk) if len(rows) > PAGE else "")
