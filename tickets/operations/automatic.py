"""What rules say and note in tickets."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.access import accesses_of
from agents.actors import Rule
from agents.models import Agent
from config.events import publish
from config.mail import is_address
from config.web.rate_limits import (
    RULE_REPLIES,
    RULE_REPLIES_A_DAY,
    TICKET_MAILS_BY_BRAND,
    TICKET_MAILS_BY_EMAIL,
    mailbox_key,
    spend,
)
from tickets.events import TicketRuleNotice
from tickets.models import Entry, Ticket
from tickets.operations.blocking import is_blocked
from tickets.operations.deliveries import queue_answer
from tickets.operations.lines import append, keep
from tickets.places import place_of, reaches
from tickets.rights import lock_ticket


class NotWanted(Exception):
    """Nobody may be written to by a machine here; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@transaction.atomic
def tell_of_rule(*, ticket: Ticket, by: Rule, told: Mapping[str, str], now: datetime) -> None:
    """Have the timeline tell that a rule acts: `told` is when, and why in each language."""
    locked = lock_ticket(ticket, by=by)
    data = {"field": "rule", "ran": by.name, **told}
    append(locked, kind=Entry.Kind.CHANGED, by=by, now=now, data=data)
    keep(locked, what="rule", now=now)


@transaction.atomic
def note_by_rule(*, ticket: Ticket, text: str, by: Rule, now: datetime) -> Entry:
    """Note something for the team in a ticket."""
    locked = lock_ticket(ticket, by=by)
    entry = append(locked, kind=Entry.Kind.NOTE, by=by, now=now, body=text)
    keep(locked, what=entry.kind, now=now)
    return entry


@transaction.atomic
def reply_by_rule(*, ticket: Ticket, text: str, by: Rule, client_id: str, now: datetime) -> Entry:
    """Answer the customer, and nobody in copy; it leaves as a mail that no machine answers.

    It opens nothing and answers nobody's wait. Raises `NotWanted` where a machine may have written
    last or nobody can be written to, or `TooMany`: whoever answers each mail of ours is a machine.
    """
    locked = lock_ticket(ticket, by=by)
    to = locked.address
    if reason := why_no_machine(locked, to, now):
        raise NotWanted(reason)
    for limit in (RULE_REPLIES, RULE_REPLIES_A_DAY, TICKET_MAILS_BY_EMAIL):
        spend(limit, mailbox_key(to))
    spend(TICKET_MAILS_BY_BRAND, f"brand:{locked.brand_id}")
    entry = append(
        locked,
        kind=Entry.Kind.MESSAGE,
        by=by,
        now=now,
        body=text,
        data={"to": to, "cc": []},
        client_id=client_id,
    )
    keep(locked, what=entry.kind, now=now)
    queue_answer(entry=entry, ticket=locked, leaves_at=now, now=now)
    return entry


@transaction.atomic
def notify_by_rule(
    *,
    ticket: Ticket,
    agents: Iterable[Agent],
    texts: Mapping[str, str],
    by: Rule,
    key: str,
    to_team: bool = False,
) -> int:
    """Tell agents something about a ticket, each in their language; return how many may hear it.

    Whom it does not concern, because they could not even open it, hears nothing.
    """
    people, place = list(agents), place_of(ticket)
    accesses = accesses_of(people)
    notices = tuple(
        (agent.pk, texts.get(agent.language) or next(iter(texts.values())))
        for agent in people
        if reaches(accesses[agent.pk], place)
    )
    if notices:
        publish(
            TicketRuleNotice(
                ticket_id=ticket.pk, key=key, rule=by.name, to_team=to_team, notices=notices
            )
        )
    return len(notices)


def why_no_machine(ticket: Ticket, to: str, now: datetime) -> str:
    """Return why no machine may write to the customer of a ticket; "" where it may."""
    if ticket.is_spam or is_blocked(to, brand=ticket.brand, now=now):
        return "blocked"
    if not is_address(to):
        return "no_address"
    last = _newest_words(ticket)
    return "automatic" if last.get("automatic") or last.get("unanswerable") else ""


def wrote_last(ticket: Ticket, address: str) -> bool:
    """Return whether the customer's newest words came from an address: who answers each mail of
    ours is a machine.
    """
    sender = _newest_words(ticket).get("from") or ticket.address
    try:
        return mailbox_key(sender) == mailbox_key(address)
    except ValueError:
        return False


def _newest_words(ticket: Ticket) -> dict[str, Any]:
    """Return what is kept beside the words that the customer said last."""
    words = ticket.entries.filter(kind=Entry.Kind.MESSAGE, author_kind=Entry.AuthorKind.CUSTOMER)
    return words.order_by("-seq").values_list("data", flat=True).first() or {}
