"""Who the visitor of a chat may be, and who an agent said that they are."""

from collections.abc import Collection, Sequence

from django.db.models import F, Q, QuerySet

from agents.access import Access
from chat.models import Conversation, NotThem, Visitor
from chat.queries.people import email_of, phone_of
from tickets.models import Identity
from tickets.queries.likeness import Suggestion, customers_by, pairs_apart

_Kind = Identity.Kind


def browsers_of(visitor: Visitor) -> QuerySet[Visitor]:
    """Return the browsers of one person: signed as such, never by what is claimed."""
    if not visitor.external_id:
        return Visitor.objects.filter(pk=visitor.pk)
    return Visitor.objects.filter(brand=visitor.brand_id, external_id=visitor.external_id)


def suggestions_of(access: Access, conversation: Conversation) -> Sequence[Suggestion]:
    """Return customers whom the agent may see and the visitor may be."""
    visitor = conversation.visitor
    if visitor is None:
        return []
    own = [pk for pk in (visitor.contact_id, conversation.contact_id) if pk]
    dismissed = NotThem.objects.filter(visitor__in=browsers_of(visitor)).values("contact")
    told = pairs_apart(own).values_list("contact", "other") if own else ()
    own += [pk for pair in told for pk in pair]
    given = [(_Kind.EMAIL, email_of(conversation)), (_Kind.PHONE, phone_of(conversation))]
    return customers_by(access, given, beside=own, apart=dismissed)


def link_of(conversation: Conversation) -> Identity | None:
    """Return the identity of a browser of the visitor's that an agent linked to a customer."""
    visitor = conversation.visitor
    if visitor is None or visitor.contact_id is None:
        return None
    linked = Identity.objects.filter(
        kind=_Kind.VISITOR,
        value__in=browsers_of(visitor).values("public_id"),
        contact=visitor.contact_id,
        linked_from__isnull=False,
    ).exclude(linked_from=F("contact"))
    found: Identity | None = linked.select_related("contact", "linked_by").order_by("pk").first()
    return found


def not_the_same(contact_ids: Collection[int]) -> Collection[tuple[int, int]]:
    """Return whom somebody said that the visitors of some customers are not, both ways round."""
    said = NotThem.objects.exclude(visitor__contact=None).filter(
        Q(visitor__contact__in=contact_ids) | Q(contact__in=contact_ids)
    )
    return list(said.values_list("visitor__contact", "contact"))
