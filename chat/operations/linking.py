"""Saying who a visitor is: linked to a customer, back again, or somebody else."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from agents.access import access_of
from agents.audit import record
from agents.models import Agent
from chat.locks import lock_conversation, lock_conversations, lock_visitor
from chat.models import Conversation, NotThem, Visitor
from chat.operations.tickets import contact_of
from chat.operations.visitors import keep_browser, show_visitor
from chat.queries.linking import browsers_of
from chat.rights import require_filing
from tickets.models import Contact, Identity, Ticket
from tickets.operations.owners import give_back_tickets, give_tickets, lock_contacts, lock_tickets
from tickets.queries.customers import customers_of


class NotLinkable(Exception):
    """The customer is gone, or there is no link (any more)."""


@transaction.atomic
def link_visitor(*, conversation: Conversation, contact: Contact, by: Agent, now: datetime) -> None:
    """Make the visitor of a chat a customer whom the agent may see; again changes nothing.

    All browsers of a signed person go along. Only agents see the history: the visitor's widget
    shows what was said in its own browser. Raises `NotLinkable` or `NotAuthorised`.
    """
    browsers = _lock(conversation, by)
    before = {visitor.pk: contact_of(visitor, now) for visitor in browsers}
    people = _lock_people(browsers, {contact.pk, *(each.pk for each in before.values())})
    if not customers_of(access_of(by)).filter(pk=contact.pk).exists():
        raise NotLinkable
    target = people[contact.pk]
    for visitor in browsers:
        own = people[before[visitor.pk].pk]
        if own.pk == target.pk:
            continue
        keep_browser(visitor)
        give_tickets(tickets=_tickets(visitor, own), to=target)
        _move(visitor, target)
        _identities([visitor]).update(contact=target, linked_by=by, linked_from=own)
        record("contact.linked", target, by=by, visitor=visitor.public_id, before=own.pk)
        show_visitor(visitor=visitor)
    for own in before.values():
        if own.pk != target.pk and not _has_anything(own):
            Contact.objects.filter(pk=own.pk).update(merged_into=target)
    conversation.refresh_from_db()


@transaction.atomic
def unlink_visitor(*, conversation: Conversation, by: Agent) -> None:
    """Undo a link: chats and tickets of the person's browsers are whose they were.

    A browser that joined a signed person after the link goes with the others. Raises `NotLinkable`
    or `NotAuthorised`.
    """
    browsers = _lock(conversation, by)
    identities = {each.value: each for each in _identities(browsers)}
    linked = [each for each in identities.values() if each.is_linked]
    if not linked:
        raise NotLinkable
    whose = {each.contact_id: each.linked_from_id for each in reversed(linked)}
    people = _lock_people(browsers, {pk for pair in whose.items() for pk in pair if pk})
    for visitor in browsers:
        identity = identities.get(visitor.public_id)
        if identity is None or identity.contact_id not in whose:
            continue
        own = people[identity.linked_from_id or whose[identity.contact_id] or 0]
        linked_to = people[identity.contact_id]
        give_back_tickets(tickets=_tickets(visitor, linked_to), before=linked_to, to=own)
        _move(visitor, own)
        Contact.objects.filter(pk=own.pk).update(merged_into=None)
        identity.contact, identity.linked_by, identity.linked_from = own, None, None
        identity.save(update_fields=["contact", "linked_by", "linked_from"])
        record("contact.unlinked", linked_to, by=by, visitor=visitor.public_id)
        show_visitor(visitor=visitor)
    conversation.refresh_from_db()


@transaction.atomic
def dismiss_suggestion(
    *, conversation: Conversation, contact: Contact, by: Agent, now: datetime
) -> None:
    """Note that the visitor of a chat is somebody else than a customer: not suggested again.

    Raises `NotLinkable` of who has no browser, or `NotAuthorised`.
    """
    for visitor in _lock(conversation, by):
        NotThem.objects.get_or_create(
            visitor=visitor, contact=contact, defaults={"agent": by, "created_at": now}
        )
        show_visitor(visitor=visitor)


def hold_browsers(contact_ids: Collection[int]) -> None:
    """Lock the browsers and chats of customers who are about to be merged."""
    browsers = _lock_browsers(Visitor.objects.filter(contact__in=contact_ids))
    chats = Conversation.objects.filter(Q(visitor__in=browsers) | Q(contact__in=contact_ids))
    lock_conversations(chats.values_list("pk", flat=True))


def show_browsers(contact_id: int) -> None:
    """Have the agents who look at a chat of a customer look at them again."""
    for visitor in Visitor.objects.filter(contact=contact_id).order_by("pk"):
        show_visitor(visitor=visitor)


def _lock(conversation: Conversation, by: Agent) -> list[Visitor]:
    """Lock the browsers of a chat's visitor, all of those of a signed person, and their chats."""
    if conversation.visitor is None:
        raise NotLinkable
    browsers = _lock_browsers(browsers_of(conversation.visitor))
    chats = Conversation.objects.filter(visitor__in=browsers)
    lock_conversations(chats.values_list("pk", flat=True))
    require_filing(by, lock_conversation(conversation))
    return browsers


def _lock_browsers(browsers: QuerySet[Visitor]) -> list[Visitor]:
    pks = browsers.order_by("pk").values_list("pk", flat=True)
    return [lock_visitor(pk) for pk in pks]


def _lock_people(browsers: Sequence[Visitor], ids: Collection[int]) -> dict[int, Contact]:
    """Lock the tickets of locked browsers, then customers."""
    chats = Conversation.objects.filter(visitor__in=browsers)
    lock_tickets(Ticket.objects.filter(pk__in=chats.values("ticket")))
    return lock_contacts(ids)


def _identities(browsers: Sequence[Visitor]) -> QuerySet[Identity]:
    values = [visitor.public_id for visitor in browsers]
    return Identity.objects.filter(kind=Identity.Kind.VISITOR, value__in=values).order_by("pk")


def _tickets(visitor: Visitor, contact: Contact) -> list[Ticket]:
    """Lock the tickets of a visitor's chats that are a customer's."""
    chats = Conversation.objects.filter(visitor=visitor)
    return lock_tickets(Ticket.objects.filter(contact=contact, pk__in=chats.values("ticket")))


def _move(visitor: Visitor, to: Contact) -> None:
    """Make a locked visitor and their locked chats another person's."""
    Conversation.objects.filter(visitor=visitor).update(contact=to)
    visitor.contact = to
    visitor.save(update_fields=["contact"])


def _has_anything(contact: Contact) -> bool:
    """Return whether anything is left with a person, also what a merge may have to give back."""
    chats = Conversation.objects.filter(contact=contact)
    browsers = Visitor.objects.filter(contact=contact)
    merged = Contact.objects.filter(merged_into=contact)
    rows = (chats, browsers, contact.tickets, contact.notes, merged)
    proven = contact.identities.filter(is_verified=True)
    return any(found.exists() for found in (*rows, proven))
