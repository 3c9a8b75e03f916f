"""Customers whom an agent corrects: what their browsers and chats say of them goes along."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from agents.models import Agent
from chat.locks import lock_conversation, lock_visitor
from chat.models import Conversation, Visitor
from chat.models.visitor import LENGTHS
from chat.operations.linking import NotLinkable, hold_browsers
from chat.operations.tickets import contact_of
from chat.operations.visitors import show_visitor
from chat.rights import require_filing
from tickets.models import Contact, Identity
from tickets.operations.contacts import change_contact


@transaction.atomic
def correct_visitor(
    *, conversation: Conversation, by: Agent, changes: Mapping[str, str], now: datetime
) -> Contact:
    """Correct who the visitor of a chat is, and return the customer that they are from now on.

    What the brand's server signed stands. Raises `NotLinkable` where nobody is known,
    `NotAuthorised` or `CustomerNotAuthorised`.
    """
    visitor = conversation.visitor
    if visitor is None:
        raise NotLinkable
    if known := visitor.contact_id or conversation.contact_id:
        hold_browsers((known,))
    visitor = lock_visitor(visitor.pk)
    chat = lock_conversation(conversation)
    require_filing(by, chat)
    contact = visitor.contact or chat.contact or contact_of(visitor, now)
    if chat.contact_id != contact.pk:
        chat.contact = contact
        chat.save(update_fields=["contact"])
    free = {name: value for name, value in changes.items() if name not in visitor.verified}
    changed = change_contact(contact=contact, by=by, changes=free, now=now)
    # They may have said something else of themselves than the customer's row.
    taken = {name: value for name, value in free.items() if name in LENGTHS}
    if taken:
        for name, value in taken.items():
            setattr(visitor, name, value)
        visitor.save(update_fields=sorted(taken))
        chat.fields |= {name: value for name, value in taken.items() if name in chat.fields}
        chat.save(update_fields=["fields"])
        show_visitor(visitor=visitor)
    return changed


def correct_browsers(contact_id: int, changes: Mapping[str, Sequence[str]]) -> None:
    """Correct what locked browsers and chats of a customer say, where it is what was wrong.

    What the brand's server signed stands. Of browsers that it doesn't know, or that an agent
    linked, only the chats are corrected, which agents read: a browser reads its own row, and a
    stranger may sit there who typed what was wrong.
    """
    wrong = {name: pair for name, pair in changes.items() if name in LENGTHS and pair[0]}
    if not wrong:
        return
    linked = Identity.objects.filter(kind=Identity.Kind.VISITOR, contact=contact_id)
    linked = linked.exclude(linked_from=None).exclude(linked_from=contact_id)
    known = Visitor.objects.filter(contact=contact_id).exclude(external_id="")
    for visitor in known.exclude(public_id__in=linked.values("value")):
        signed = visitor.verified
        same = [
            name
            for name, (was, _became) in wrong.items()
            if name not in signed and getattr(visitor, name) == was
        ]
        for name in same:
            setattr(visitor, name, wrong[name][1])
        visitor.save(update_fields=same)
    chats = Conversation.objects.filter(Q(contact=contact_id) | Q(visitor__contact=contact_id))
    for chat in chats.select_related("visitor").only("fields", "visitor"):
        free = set(wrong) - set(chat.visitor.verified if chat.visitor else ())
        own = {name: getattr(chat.visitor, name, "") for name in free}
        said = own | {name: value for name, value in chat.fields.items() if value}
        right = {name: new for name, (was, new) in wrong.items() if said.get(name) == was}
        if right:
            Conversation.objects.filter(pk=chat.pk).update(fields=chat.fields | right)
