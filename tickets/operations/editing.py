"""Everything that a ticket is, changed in one go."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.models import Agent
from config.text.folding import fold
from tickets.models import Ticket
from tickets.operations.changes import change_ticket, mark_spam
from tickets.operations.tags import change_ticket_tags


@transaction.atomic
def edit_ticket(
    *,
    ticket: Ticket,
    by: Agent,
    now: datetime,
    changes: Mapping[str, Any],
    tags: Collection[str] | None = None,
    is_spam: bool | None = None,
) -> Ticket:
    """Give a ticket other properties, exactly these tags, and say whether it is spam.

    All or nothing; what is None stays. Raises what `change_ticket` and `change_ticket_tags` raise.
    """
    # Tags and spam first: with another team or agent the ticket may leave the caller's sight.
    if tags is not None:
        wanted = {fold(name) for name in tags}
        has = ticket.tags.values_list("name", "folded")
        gone = [name for name, folded in has if folded not in wanted]
        ticket = change_ticket_tags(ticket=ticket, add=tags, remove=gone, by=by, now=now)
    if is_spam is not None:
        ticket = mark_spam(ticket=ticket, is_spam=is_spam, by=by, now=now)
    return change_ticket(ticket=ticket, by=by, now=now, changes=changes)
