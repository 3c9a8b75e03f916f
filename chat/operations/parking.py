"""Chats that a rule lets wait for their customer: nobody has them, and nobody is rung for them."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from agents.actors import Rule
from chat.events.lifecycle import ConversationParked, ConversationResolved, SlotFreed
from chat.locks import lock_conversation, lock_visitor
from chat.models import Conversation, Entry
from chat.operations.assignment import put_in_queue
from chat.operations.automatic import Touched
from chat.operations.changes import name_agent
from chat.operations.closing import TIMED_OUT, close_chat, outcome_of, part_all
from chat.operations.entries import append, written_by
from chat.operations.offers import withdraw_offers
from config.events import publish

# For how long a chat waits for a word.
PARKED_FOR = timedelta(hours=24)


@transaction.atomic
def park_conversation(
    *, conversation: Conversation, by: Rule | None, unless_taken: bool = False, now: datetime
) -> Conversation:
    """Let an open chat wait for its customer, without a slot and out of the line.

    Whoever had it has it no longer. One that waits already goes on waiting. Raises `Touched` when
    it has ended, or, `unless_taken`, when an agent has it by now.
    """
    chat = lock_conversation(conversation)
    if not chat.is_open or (unless_taken and chat.assignee_id is not None):
        raise Touched
    before, previous, freed = str(chat.status), chat.assignee, chat.holds_slot
    withdraw_offers(chat, now=now)
    was_parked = chat.is_parked
    chat.status = Conversation.Status.WAITING
    chat.returning_to = previous or chat.returning_to
    chat.assignee = chat.passed_by = chat.passed_at = None
    chat.held_until = chat.queued_at = chat.unanswered_since = None
    chat.holds_slot = False
    chat.form_offered = ""
    if chat.is_at_head:
        chat.priority -= Conversation.HEAD
    chat.save(
        update_fields=[
            "status",
            "returning_to",
            "assignee",
            "passed_by",
            "passed_at",
            "held_until",
            "queued_at",
            "unanswered_since",
            "holds_slot",
            "form_offered",
            "priority",
        ]
    )
    if not was_parked:
        named = name_agent("agent", previous) if previous else {}
        data = {"from": before, "to": str(chat.status), **named}
        append(chat, written_by(by, kind=Entry.Kind.STATUS, data=data), now=now)
    publish(ConversationParked.of(chat, previous_id=previous.pk if previous else None))
    if freed and previous:
        publish(SlotFreed(agent_id=previous.pk))
    return chat


@transaction.atomic
def let_through(*, conversation: Conversation, now: datetime) -> bool:
    """Let a chat that waits for its customer stand in line; return whether it was such a one."""
    chat = lock_conversation(conversation)
    if not chat.is_parked:
        return False
    wake_parked(chat, now=now)
    return True


def wake_parked(chat: Conversation, *, now: datetime) -> None:
    """Let a locked chat that waits for its customer enter the line now; at the head if somebody
    had it."""
    chat.unanswered_since = now
    chat.save(update_fields=["unanswered_since"])
    put_in_queue(chat, by=None, now=now, at_head=chat.accepted_at is not None, reason="woke")


def parked_of(visitor_id: int | None, brand_id: int) -> Conversation | None:
    """Return the chat of a locked visitor that waits for them, if there is one."""
    if visitor_id is None:
        return None
    found: Conversation | None = _parked().filter(visitor=visitor_id, brand=brand_id).first()
    return found


def leave_parked(conversation: Conversation, *, now: datetime) -> bool:
    """Put a chat into the archive whose customer did not write any more, or begins anew.

    Its visitor is locked, or there is none. Nobody is asked what they thought of it. Returns
    whether it waited for its customer.
    """
    if not conversation.is_parked:
        return False
    chat = lock_conversation(conversation)
    if not chat.is_parked:
        return False
    chat.held_until = None
    chat.ended_at = now
    outcome = outcome_of(chat, otherwise=Conversation.Outcome.TIMED_OUT)
    part_all(chat, now=now)
    close_chat(chat, outcome=outcome, by=None, because=TIMED_OUT, now=now)
    publish(ConversationResolved.of(chat, outcome=chat.outcome))
    return True


def end_parked(*, now: datetime) -> int:
    """Resolve what has waited for a word for a day; return how many."""
    late = _parked().filter(last_message_at__lte=now - PARKED_FOR, is_demo=False)
    return sum(_end(chat, now) for chat in late)


@transaction.atomic
def _end(chat: Conversation, now: datetime) -> bool:
    # Visitor before chat, as when one starts anew.
    if chat.visitor_id:
        lock_visitor(chat.visitor_id)
    lock_conversation(chat)
    if chat.last_message_at is None or chat.last_message_at > now - PARKED_FOR:
        return False
    return leave_parked(chat, now=now)


def _parked() -> QuerySet[Conversation]:
    found: QuerySet[Conversation] = Conversation.objects.unresolved().filter(
        kind=Conversation.Kind.CUSTOMER,
        status=Conversation.Status.WAITING,
        assignee__isnull=True,
    )
    return found
