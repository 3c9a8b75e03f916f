"""Putting tags on tickets."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from agents.actors import Actor
from agents.models import Tag
from agents.operations.tags import clean_name, keep_tag
from config.text.folding import fold
from tickets.models import Entry, Ticket, TicketTag
from tickets.operations.lines import append, keep
from tickets.rights import lock_ticket

TAGS_MAX = 20


class TooManyTicketTags(Exception):
    """A ticket has as many tags as anybody can read."""


@transaction.atomic
def change_ticket_tags(
    *,
    ticket: Ticket,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    by: Actor,
    now: datetime,
) -> Ticket:
    """Take tags off a ticket and put others on it, all or nothing; new words become tags.

    Raises `InvalidTag`, `TooManyTicketTags` or `TicketNotAuthorised`.
    """
    locked = lock_ticket(ticket, by=by)
    before = locked.last_seq
    own = TicketTag.objects.filter(ticket=locked).select_related("tag")
    has = {each.tag.folded: each for each in own}
    for name in remove:
        found = has.pop(fold(" ".join(name.split())), None)
        if found is not None:
            found.delete()
            _note(locked, "removed", found.tag, by=by, now=now)
    # In one order for all: two who make the same new tags at once wait, and don't lock each other.
    for name in sorted(map(clean_name, add), key=fold):
        tag = keep_tag(name=name)
        if tag.folded in has:
            continue
        if len(has) >= TAGS_MAX:
            raise TooManyTicketTags
        has[tag.folded] = TicketTag.objects.create(ticket=locked, tag=tag)
        _note(locked, "added", tag, by=by, now=now)
    if locked.last_seq > before:
        keep(locked, what="tags", now=now)
    return locked


def _note(ticket: Ticket, key: str, tag: Tag, *, by: Actor, now: datetime) -> None:
    data = {key: tag.name, f"{key}_id": str(tag.pk)}
    append(ticket, kind=Entry.Kind.TAGGED, by=by, now=now, data=data)
