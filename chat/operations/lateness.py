"""Customers who wait too long for an answer: their agent is alerted again, then supervisors."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from agents.access import accesses_of
from agents.presence import present_agents
from chat.events.lifecycle import ConversationLate
from chat.locks import lock_conversation
from chat.models import Conversation, Offer
from chat.queries.people import given_name
from chat.rights import supervises
from config.events import publish
from config.wire import wire_time


class Alert(NamedTuple):
    """Who must hear now that a customer waits."""

    agent: bool
    supervisors: bool


def alert_late(*, now: datetime) -> int:
    """Alert whoever must hear of customers without an answer; return how many."""
    target = timedelta(seconds=settings.IMECE["REPLY_TARGET_SECONDS"])
    refused = Offer.objects.filter(
        conversation=OuterRef("pk"),
        result__in=[Offer.Result.DECLINED, Offer.Result.MISSED],
        offered_at__gte=OuterRef("queued_at"),
    )
    chats = Conversation.objects.unresolved().filter(kind=Conversation.Kind.CUSTOMER)
    unanswered = chats.filter(status=Conversation.Status.ACTIVE, unanswered_since__lte=now - target)
    # Queued although somebody refused it or had it. Others are simply in line, and what rings may
    # still be taken.
    ringing = Offer.objects.filter(conversation=OuterRef("pk"), result=Offer.Result.OPEN)
    untaken = (
        chats.in_line(now)
        .annotate(refused_at=Subquery(refused.order_by("closed_at").values("closed_at")[:1]))
        .filter(Q(refused_at__isnull=False) | Q(accepted_at__isnull=False), ~Exists(ringing))
    )
    waiting = [chat for found in (unanswered, untaken) for chat in found if any(due(chat, now))]
    return sum(_alert(chat, now) for chat in waiting)


def due(chat: Conversation, now: datetime) -> Alert:
    """Return who must hear: the agent after the reply target, supervisors after twice of it.

    The target of an agent begins when the agent has the chat, not while it stood in the queue; that
    of a chat which somebody passed on or refused begins then.
    """
    target = timedelta(seconds=settings.IMECE["REPLY_TARGET_SECONDS"])
    since = _waits_since(chat)

    def passed(moment: datetime) -> bool:
        return now >= moment and (chat.late_told_at is None or chat.late_told_at < moment)

    return Alert(
        agent=since is not None and chat.assignee_id is not None and passed(since + target),
        supervisors=since is not None and passed(since + 2 * target),
    )


def _waits_since(chat: Conversation) -> datetime | None:
    """Return since when the customer waits for whoever has, or should take, the chat."""
    if chat.status == Conversation.Status.QUEUED:
        refused_at: datetime | None = getattr(chat, "refused_at", None)
        moments = (chat.unanswered_since, chat.passed_at, refused_at)
    elif chat.status == Conversation.Status.ACTIVE and chat.unanswered_since is not None:
        moments = (chat.unanswered_since, chat.accepted_at, None)
    else:
        return None
    return max((moment for moment in moments if moment is not None), default=None)


@transaction.atomic
def _alert(chat: Conversation, now: datetime) -> bool:
    chat = lock_conversation(chat)
    alert = due(chat, now)
    since = chat.unanswered_since or chat.passed_at
    if not any(alert) or since is None or chat.offers.filter(result=Offer.Result.OPEN).exists():
        return False
    chat.late_told_at = now
    chat.save(update_fields=["late_told_at"])
    publish(
        ConversationLate.of(
            chat,
            customer=given_name(chat),
            agent=chat.assignee.name if chat.assignee else "",
            since=wire_time(since),
            is_first=alert.agent,
            supervisor_ids=_supervisors(chat, now) if alert.supervisors else (),
        )
    )
    return True


def _supervisors(chat: Conversation, now: datetime) -> tuple[int, ...]:
    """Return who supervises the chat, is Online and here."""
    others = present_agents(now).exclude(pk=chat.assignee_id or 0)
    return tuple(
        agent_id for agent_id, access in accesses_of(others).items() if supervises(access, chat)
    )
