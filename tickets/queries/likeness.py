"""Who else is known by the same address or number: perhaps the same person."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from agents.access import Access
from tickets.models import Apart, Contact, Identity
from tickets.models.identity import folded
from tickets.queries.customers import name_known
from tickets.rights import known_to

SUGGESTIONS = 3
# An address that thousands claim says nothing of anybody.
ROWS = 500
_Kind = Identity.Kind
_OF_PEOPLE = (_Kind.EMAIL, _Kind.PHONE)


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A customer who is known by what another one gave: `because` is `email` or `phone`."""

    contact: Contact
    # How they are called, as far as the agent may know.
    name: str
    because: str


type Pairs = Callable[[Collection[int]], Collection[tuple[int, int]]]
_told_apart: list[Pairs] = []


def told_apart_in(source: Pairs) -> None:
    """Let a room above say whom somebody said that some customers are not: pairs of keys."""
    if source not in _told_apart:
        _told_apart.append(source)


def customers_by(
    access: Access,
    given: Iterable[tuple[str, str]],
    *,
    beside: Collection[int],
    apart: QuerySet[Any, Any],
) -> Sequence[Suggestion]:
    """Return whom the agent may see of those known by a kind and value that was `given`.

    Those who have proven it come first; neither who stands in `beside` nor in `apart`.
    """
    known = [(kind, key) for kind, value in given if (key := folded(kind, value))]
    if not known:
        # Most visitors gave nothing, and each chat that is opened asks.
        return []
    found = _known_by(access, known).exclude(contact__in=beside).exclude(contact__in=apart)
    people: dict[int, Identity] = {}
    for each in found[: SUGGESTIONS * 4]:
        people.setdefault(each.contact_id, each)
    return [_suggested(access, each) for each in list(people.values())[:SUGGESTIONS]]


def others_like(
    access: Access, contact_ids: Collection[int], known: Iterable[Identity] | None = None
) -> dict[int, list[Suggestion]]:
    """Return for each customer who else the agent may see that is known by the same.

    `known` are their identities, where somebody has them at hand.
    """
    whose: dict[tuple[str, str], set[int]] = {}
    if known is None:
        own = Identity.objects.filter(known_to(access), contact__in=contact_ids)
        known = own.filter(kind__in=_OF_PEOPLE)[:ROWS]
    theirs = ((each.contact_id, each.kind, each.value) for each in known if each.kind in _OF_PEOPLE)
    for contact_id, kind, value in theirs:
        whose.setdefault((kind, value), set()).add(contact_id)
    if not whose:
        return {}
    others = list(_known_by(access, whose)[:ROWS])
    apart = {pair for source in _told_apart for pair in source(contact_ids)} if others else set()
    if others:
        apart |= set(pairs_apart(contact_ids).values_list("contact", "other"))
    people: dict[int, dict[int, Identity]] = {}
    for each in others:
        for contact_id in whose[each.kind, each.value] - {each.contact_id}:
            pair = (contact_id, each.contact_id)
            if pair not in apart and pair[::-1] not in apart:
                people.setdefault(contact_id, {}).setdefault(each.contact_id, each)
    return {
        pk: [_suggested(access, each) for each in list(found.values())[:SUGGESTIONS]]
        for pk, found in people.items()
    }


def pairs_apart(contact_ids: Collection[int]) -> QuerySet[Apart]:
    """Return whom somebody said that some customers are not, from either side."""
    found: QuerySet[Apart] = Apart.objects.filter(
        Q(contact__in=contact_ids) | Q(other__in=contact_ids)
    )
    return found


def _suggested(access: Access, known: Identity) -> Suggestion:
    name = name_known(access, known.contact)
    return Suggestion(contact=known.contact, name=name, because=known.kind)


def _known_by(access: Access, given: Iterable[tuple[str, str]]) -> QuerySet[Identity]:
    wanted = Q(pk=None)
    for one in _OF_PEOPLE:
        wanted |= Q(kind=one, value__in=[value for kind, value in given if kind == one])
    found: QuerySet[Identity] = (
        Identity.objects.filter(wanted, known_to(access), contact__merged_into=None)
        .filter(contact__in=Contact.objects.visible_to(access).values("pk"))
        .select_related("contact")
        .order_by("-is_verified", "kind", "pk")
    )
    return found
