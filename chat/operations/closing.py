"""What all ends of a chat have in common: its lines, what became of it, and the archive."""

from datetime import datetime
from typing import Any

from agents.actors import Rule
from agents.models import Agent
from chat.models import Conversation, Entry, Participation, Visitor
from chat.operations.changes import name_topic
from chat.operations.entries import NewLine, append, written_by
from chat.operations.offers import withdraw_offers
from tickets.operations.safety_nets import close_net

type Actor = Agent | Visitor | Rule | None

# Why a chat ended, as the lines of end and resolve say it.
LEFT, CLOSED, TIMED_OUT = "left", "closed", "timed_out"


def write_end(chat: Conversation, *, by: Actor, because: str, now: datetime) -> None:
    """Write the end of a locked open chat, also for whoever joined it; the caller saves it."""
    withdraw_offers(chat, now=now)
    part_all(chat, now=now)
    chat.status = Conversation.Status.WRAP_UP
    chat.held_until = None
    chat.ended_at = now
    append(
        chat, line_by(Entry.Kind.ENDED, by, data={"by": side_of(by), "because": because}), now=now
    )


def part_all(chat: Conversation, *, now: datetime) -> None:
    """Note that nobody takes part any more in a locked chat that others had."""
    Participation.objects.taking_part().filter(conversation=chat).update(left_at=now)


def outcome_of(chat: Conversation, *, otherwise: str) -> str:
    """Return what became of a chat: its ticket, if it has one that is needed.

    One that was only made in case nobody comes is not, once somebody came.
    """
    if chat.ticket is None:
        return otherwise
    if otherwise == Conversation.Outcome.ANSWERED and chat.ticket.is_untouched_net:
        return otherwise
    return Conversation.Outcome.CONVERTED


def has_answered(chat: Conversation) -> bool:
    """Return whether a person said something to the customer."""
    return Entry.objects.filter(conversation=chat).answers().exists()


def close_chat(
    chat: Conversation, *, outcome: str, by: Agent | None, because: str, now: datetime
) -> None:
    """Move a locked ended chat to the archive and free its slot."""
    chat.status = Conversation.Status.RESOLVED
    chat.outcome = outcome
    chat.holds_slot = False
    chat.resolved_at = now
    chat.resolved_by = by
    chat.save(
        update_fields=[
            "status",
            "outcome",
            "holds_slot",
            "held_until",
            "ended_at",
            "resolved_at",
            "resolved_by",
            "topic",
        ]
    )
    data = {"outcome": str(outcome), "because": because, **name_topic(chat)}
    append(chat, line_by(Entry.Kind.RESOLVED, by, data=data), now=now)
    needless = {Conversation.Outcome.ANSWERED, Conversation.Outcome.SPAM}
    if chat.ticket is not None and outcome in needless:
        close_net(ticket=chat.ticket, now=now)


def why_ended(chat: Conversation) -> str:
    """Return why a chat that is being wrapped up ended."""
    ends = chat.entries.filter(kind=Entry.Kind.ENDED).order_by("-seq")
    return str((ends.values_list("data", flat=True).first() or {}).get("because", CLOSED))


def side_of(by: Actor) -> str:
    """Return who does it, as `ended` lines call them."""
    if isinstance(by, Visitor):
        return Entry.AuthorKind.VISITOR
    return Entry.AuthorKind.AGENT if isinstance(by, Agent) else Entry.AuthorKind.SYSTEM


def line_by(kind: str, by: Actor, *, data: dict[str, Any] | None = None) -> NewLine:
    """Return a line of whoever does it."""
    if isinstance(by, Rule):
        return written_by(by, kind=kind, data=data or {})
    return NewLine(
        kind=kind,
        author_kind=side_of(by),
        agent=by if isinstance(by, Agent) else None,
        data=data or {},
    )
