"""Agents who have vanished, or may not answer any more: their chats go on to others.

Who counts as gone, and since when, says `vanished_agents` of `agents/presence.py`; `chat/tasks.py`
runs this by the clock. What goes on are active chats, which ring first at whoever had them, should
they be back; one that sleeps is looked at when its customer writes (`waking.py`), a wrap-up stays
where it is, and one whose agent lost the right moves by `stranded.py`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from agents.access import access_of, accesses_of
from agents.models import Agent, Permission
from agents.presence import is_present, present_agents, vanished_agents
from chat.locks import lock_agent, lock_conversations
from chat.models import Conversation, Offer
from chat.operations.assignment import put_in_queue
from chat.operations.offers import withdraw_offers
from chat.rights import may_answer


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
