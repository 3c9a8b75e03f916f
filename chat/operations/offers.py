"""Chats that ring at agents, and what becomes of that."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from agents.models import Agent
from chat.events.lifecycle import OfferMade, OfferWithdrawn
from chat.locks import lock_conversation, lock_conversations
from chat.models import Conversation, Entry, Offer
from chat.operations.changes import name_agent
from chat.operations.entries import NewLine, append
from chat.operations.holding import join_line
from config.events import publish
from config.wire import wire_time

# What the agent did; everything else happens to the offer.
_ANSWERS = frozenset({Offer.Result.ACCEPTED, Offer.Result.DECLINED})


def make_offer(
    chat: Conversation, agent: Agent, *, seconds: int, why: dict[str, Any], now: datetime
) -> None:
    """Let a locked chat of the queue ring at `agent`, whose row is locked too."""
    join_line(chat, now=now)
    offer = Offer.objects.create(
        conversation=chat,
        agent=agent,
        offered_at=now,
        rings_until=now + timedelta(seconds=seconds),
    )
    data = {**name_agent("to", agent), "seconds": seconds, **why}
    append(chat, NewLine(kind=Entry.Kind.OFFERED, data=data), now=now)
    publish(OfferMade.of(chat, agent_id=agent.pk, rings_until=wire_time(offer.rings_until)))


@transaction.atomic
def decline(*, conversation: Conversation, agent: Agent, now: datetime) -> None:
    """Let a ringing chat go to the next agent; declining what does not ring changes nothing."""
    chat = lock_conversation(conversation)
    for offer in _open_offers(chat).filter(agent=agent):
        _close(offer, chat, result=Offer.Result.DECLINED, now=now)


@transaction.atomic
def miss_offers(*, now: datetime) -> int:
    """Close the offers that rang too long; return how many."""
    late = Offer.objects.filter(result=Offer.Result.OPEN, rings_until__lte=now)
    chats = {
        chat.pk: chat for chat in lock_conversations(late.values_list("conversation_id", flat=True))
    }
    missed = list(late.filter(conversation__in=chats).select_related("agent"))
    for offer in missed:
        _close(offer, chats[offer.conversation_id], result=Offer.Result.MISSED, now=now)
    return len(missed)


def withdraw_offers(
    chat: Conversation, *, now: datetime, accepted_by: int | None = None, at: int | None = None
) -> None:
    """Stop a locked chat from ringing (`at` one agent): somebody took it, left, or it is over."""
    ringing = _open_offers(chat)
    for offer in ringing if at is None else ringing.filter(agent=at):
        was_taken = offer.agent_id == accepted_by
        result = Offer.Result.ACCEPTED if was_taken else Offer.Result.WITHDRAWN
        _close(offer, chat, result=result, now=now)


def _open_offers(chat: Conversation) -> QuerySet[Offer]:
    ringing = Offer.objects.filter(conversation=chat, result=Offer.Result.OPEN)
    return ringing.select_related("agent")


def _close(offer: Offer, chat: Conversation, *, result: str, now: datetime) -> None:
    offer.result = result
    offer.closed_at = now
    offer.save(update_fields=["result", "closed_at"])
    by = offer.agent if result in _ANSWERS else None
    line = NewLine(
        kind=Entry.Kind.OFFERED,
        author_kind=Entry.AuthorKind.AGENT if by else Entry.AuthorKind.SYSTEM,
        agent=by,
        data={**name_agent("to", offer.agent), "result": str(result)},
    )
    append(chat, line, now=now)
    publish(OfferWithdrawn.of(chat, agent_id=offer.agent_id, result=result))
