"""What becomes known of a visitor besides words, and telling the agents who look at them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from chat.events.words import VisitorChanged
from chat.locks import lock_visitor
from chat.models import Conversation, Visitor
from config.events import publish
from config.wire import wire_time

EVENTS_KEPT = 20


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
