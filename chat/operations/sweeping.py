"""What happens by itself as time passes: caps, rings that nobody heard, agents who vanished."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from agents.access import access_of, accesses_of
from agents.models import Agent, Permission, Status
from agents.presence import is_present, present_agents, vanished_agents
from chat.events.lifecycle import ConversationChanged, SlotFreed
from chat.locks import Moved, lock_agent, lock_conversation, lock_conversations, starting_again
from chat.models import Conversation, Entry, Offer
from chat.operations.assignment import has_room, put_in_queue
from chat.operations.changes import name_agent
from chat.operations.conversations import (
    AlreadyOpen,
    NotEnded,
    TooLate,
    reopen_conversation,
)
from chat.operations.entries import NewLine, append
from chat.operations.holding import have_rules_look, last_word
from chat.operations.offers import withdraw_offers
from chat.operations.parking import wake_parked
from chat.rights import may_answer
from chat.routing import hooks
from config.events import publish

_WOKE = "woke"


@transaction.atomic
def free_wrap_ups(*, now: datetime, agent_id: int | None = None) -> int:
    """Free the slots of wrap-ups past the cap, or of all wrap-ups of one agent; return how many.

    The chats stay with their agents until a topic is picked.
    """
    cap = now - timedelta(seconds=settings.IMECE["WRAP_UP_SECONDS"])
    wanted = Q(ended_at__lte=cap) if agent_id is None else Q(assignee=agent_id)
    found = Conversation.objects.unresolved().filter(
        wanted, status=Conversation.Status.WRAP_UP, holds_slot=True
    )
    freed = 0
    for chat in lock_conversations(found.values_list("pk", flat=True)):
        if chat.status != Conversation.Status.WRAP_UP or not chat.holds_slot:
            continue
        chat.holds_slot = False
        chat.save(update_fields=["holds_slot"])
        append(chat, _freed_line(chat, because="cap" if agent_id is None else "status"), now=now)
        publish(ConversationChanged.of(chat))
        if chat.assignee_id:
            publish(SlotFreed(agent_id=chat.assignee_id))
        freed += 1
    return freed


def _freed_line(chat: Conversation, *, because: str) -> NewLine:
    status = {"from": str(chat.status), "to": str(chat.status)}
    freed = {"slot": "freed", **name_agent("agent", chat.assignee), "because": because}
    return NewLine(kind=Entry.Kind.STATUS, data=status | freed)


def requeue_vanished(*, now: datetime) -> int:
    """Put the chats of agents without any sign of life back at the head; return how many."""
    among = set(_active().values_list("assignee_id", flat=True))
    return sum(_requeue_vanished_of(agent_id, now) for agent_id in vanished_agents(now, among))


@transaction.atomic
def _requeue_vanished_of(agent_id: int, now: datetime) -> int:
    lock_agent(agent_id)
    if is_present(agent_id, now):
        return 0
    chats = _lock_active_of(agent_id)
    for chat in chats:
        put_in_queue(chat, by=None, now=now, at_head=True, reason="vanished")
    return len(chats)


def requeue_unreachable(*, now: datetime) -> int:
    """Put chats that their agents may not answer any more back at the head; return how many.

    Whose roles were taken away doesn't see them, and the customers would write to nobody.
    """
    rows = list(_active().values_list("assignee_id", "brand_id", "channel").distinct())
    people = Agent.objects.filter(pk__in={agent_id for agent_id, _, _ in rows})
    accesses = accesses_of(people)
    without = {
        agent_id
        for agent_id, brand_id, channel in rows
        if agent_id in accesses
        and not accesses[agent_id].may_in(Permission.CHAT, brand_id, channel)
    }
    return sum(_requeue_unreachable_of(agent_id, now) for agent_id in sorted(without))


@transaction.atomic
def _requeue_unreachable_of(agent_id: int, now: datetime) -> int:
    access = access_of(lock_agent(agent_id))
    chats = [chat for chat in _lock_active_of(agent_id) if not may_answer(access, chat)]
    for chat in chats:
        put_in_queue(chat, by=None, now=now, at_head=True, reason="access")
    return len(chats)


def withdraw_unheard(*, now: datetime) -> int:
    """Stop chats from ringing at agents who left or may not answer them; return how many.

    Nobody hears them there, and meanwhile they would ring nowhere else.
    """
    ringing = Offer.objects.filter(
        result=Offer.Result.OPEN, conversation__status=Conversation.Status.QUEUED
    )
    rows = list(
        ringing.values_list("agent", "conversation", "conversation__brand", "conversation__channel")
    )
    if not rows:
        return 0
    accesses = accesses_of(present_agents(now))
    vain = [
        (conversation_id, agent_id)
        for agent_id, conversation_id, brand_id, channel in rows
        if agent_id not in accesses
        or not accesses[agent_id].may_in(Permission.CHAT, brand_id, channel)
    ]
    for conversation_id, agent_id in sorted(vain):
        _stop_ringing(conversation_id, agent_id, now)
    return len(vain)


@transaction.atomic
def _stop_ringing(conversation_id: int, agent_id: int, now: datetime) -> None:
    for chat in lock_conversations([conversation_id]):
        withdraw_offers(chat, now=now, at=agent_id)


def _active() -> QuerySet[Conversation]:
    found: QuerySet[Conversation] = Conversation.objects.unresolved().filter(
        kind=Conversation.Kind.CUSTOMER, status=Conversation.Status.ACTIVE, assignee__isnull=False
    )
    return found


def _lock_active_of(agent_id: int) -> list[Conversation]:
    mine = _active().filter(assignee=agent_id)
    return [
        chat
        for chat in lock_conversations(mine.values_list("pk", flat=True))
        if chat.status == Conversation.Status.ACTIVE and chat.assignee_id == agent_id
    ]


def wake_conversation(*, conversation_id: int, now: datetime) -> None:
    """Let what a visitor wrote in a chat without a slot reach somebody.

    A waiting chat gets a slot of its agent, else the head of the queue, or the end of it where
    nobody ever had it; a resolved one is reopened, unless it has a ticket, which gets the words
    (`add_to_ticket`).
    """
    found = Conversation.objects.select_related("visitor", "ticket")
    chat = found.filter(pk=conversation_id).first()
    if chat is None:
        # Gone by now: demo data that was purged.
        return
    if chat.status == Conversation.Status.WAITING:
        _wake(conversation_id, now)
    elif chat.status == Conversation.Status.RESOLVED:
        if chat.ticket is None or chat.ticket.is_closed_net:
            with suppress(AlreadyOpen, NotEnded, TooLate):
                reopen_conversation(conversation=chat, by=chat.visitor, now=now)
        chat.refresh_from_db(fields=["held_until", "last_seq"])
        if chat.held_until is None and hooks.holds(chat.brand_id, "updated"):
            # The words did not wait for rules, who see them all the same.
            have_rules_look(chat, begin=last_word(chat))


@starting_again
def _wake(conversation_id: int, now: datetime) -> None:
    chat = Conversation.objects.get(pk=conversation_id)
    agent_id = chat.assignee_id
    person = lock_agent(agent_id) if agent_id else None
    lock_conversation(chat)
    if chat.assignee_id != agent_id:
        raise Moved
    if chat.status != Conversation.Status.WAITING:
        return
    if chat.is_parked:
        wake_parked(chat, now=now)
    elif person and _keeps(person, chat, now) and has_room(person, chat):
        chat.status = Conversation.Status.ACTIVE
        chat.holds_slot = True
        chat.save(update_fields=["status", "holds_slot"])
        Agent.objects.filter(pk=person.pk).update(idle_since=now)
        append(chat, *_wake_lines(chat, person), now=now)
        publish(ConversationChanged.of(chat))
    else:
        put_in_queue(chat, by=None, now=now, at_head=True, reason=_WOKE)


def _wake_lines(chat: Conversation, agent: Agent) -> list[NewLine]:
    """Return the lines of a chat that waited for its visitor and goes on with its agent."""
    status = {"from": str(Conversation.Status.WAITING), "to": str(chat.status)}
    named = {**name_agent("from", agent), **name_agent("to", agent)}
    return [
        NewLine(kind=Entry.Kind.STATUS, data={**status, "because": _WOKE}),
        NewLine(kind=Entry.Kind.ASSIGNED, data={**named, "because": _WOKE}),
    ]


def _keeps(agent: Agent, chat: Conversation, now: datetime) -> bool:
    is_here = agent.status != Status.OFFLINE and is_present(agent.pk, now)
    return is_here and may_answer(access_of(agent), chat)
