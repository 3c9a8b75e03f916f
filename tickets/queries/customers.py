"""The list of customers, and a search through it."""

from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from agents.access import Access
from config.text.cleaning import key_of
from config.text.folding import fold
from tickets.models import Contact, Identity

PAGE = 40
WORDS_MAX = 8
_OF_NUMBERS = set("0123456789 +-()/.")


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some customers, and where the next ones begin ("" at the end)."""

    customers: list[Contact]
    after: str


def customers_of(access: Access, *, words: str = "") -> QuerySet[Contact]:
    """Return whom the agent may see, by parts of name, e-mail or phone in whatever letters."""
    found: QuerySet[Contact] = Contact.objects.visible_to(access).filter(merged_into=None)
    words = words.replace("\0", "").strip()
    if words and set(words) <= _OF_NUMBERS:
        # However somebody groups the digits of a number.
        digits = "".join(sign for sign in words if sign.isdigit())
        return found.filter(search__contains=digits or words)
    for word in words.split()[:WORDS_MAX]:
        found = found.filter(search__contains=fold(word))
    return found


def with_identities(found: QuerySet[Contact]) -> QuerySet[Contact]:
    """Load by what each is known."""
    known = Identity.objects.order_by("kind", "pk")
    return found.prefetch_related(Prefetch("identities", known))


def page_of(found: QuerySet[Contact], *, after: str = "") -> Page:
    """Return one page, the newest first, after the customer `after`."""
    if after:
        found = found.filter(pk__lt=key_of(after) or 0)
    rows = list(found.order_by("-pk")[: PAGE + 1])
    return Page(customers=rows[:PAGE], after=str(rows[PAGE - 1].pk) if len(rows) > PAGE else "")
