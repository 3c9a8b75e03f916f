"""What agents have begun to write in tickets, and that colleagues see them at it."""

from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.db import transaction

from agents.models import Agent
from config.events import publish
from config.web.rate_limits import TYPING, TooMany, spend
from tickets.events import TicketTyping
from tickets.models import Draft, Ticket

MODES = ("reply", "note")


class InvalidTicketDraft(Exception):
    """Too long, or neither a reply nor a note."""


@transaction.atomic
def save_ticket_draft(*, ticket: Ticket, agent: Agent, text: str, mode: str, now: datetime) -> None:
    """Keep what `agent` has begun to write in a ticket; an empty text forgets it."""
    if mode not in MODES or len(text) > settings.IMECE["MESSAGE_MAX_CHARS"] or "\0" in text:
        raise InvalidTicketDraft
    is_something = bool(text.strip())
    if is_something:
        Draft.objects.update_or_create(
            ticket=ticket,
            agent=agent,
            defaults={"text": text, "mode": mode, "saved_at": now},
        )
    else:
        Draft.objects.filter(ticket=ticket, agent=agent).delete()
    tell_typing(ticket=ticket, agent=agent, on=is_something)


def tell_typing(*, ticket: Ticket, agent: Agent, on: bool) -> None:
    """Show colleagues that `agent` is answering a ticket, or has stopped; nothing is stored."""
    # Over the limit nobody is told, and what was typed is kept all the same.
    with suppress(TooMany):
        spend(TYPING, f"agent:{agent.pk}")
        publish(TicketTyping.of(ticket, agent, on=on))
