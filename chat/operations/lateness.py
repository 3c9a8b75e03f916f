"""Customers who wait too long for an answer: their agent is alerted again, then supervisors."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from agents.access import accesses_of
from agents.models import Permission
from chat.lifecycle import ConversationLate
from chat.locks import lock_conversation
from chat.models import Conversation
from chat.routing.candidates import online_agents
from config.events import publish
from config.moments import wire_time


class Alert(NamedTuple):
    """Who must hear now that a customer waits."""

    agent: bool
    supervisors: bool


def alert_late(*, now: datetime) -> int:
    """Alert whoever must hear of customers without an answer; return of how many."""
    target = timedelta(seconds=settings.IMECE["REPLY_TARGET_SECONDS"])
    waiting = Conversation.objects.unresolved().filter(
        kind=Conversation.Kind.CUSTOMER,
        status=Conversation.Status.ACTIVE,
        unanswered_since__lte=now - target,
    )
    return sum(_alert(chat, now) for chat in waiting if any(due(chat, now)))


def due(chat: Conversation, now: datetime) -> Alert:
    """Return who must hear: the agent after the reply target, supervisors after twice of it.

    The target of an agent begins when the agent has the chat, not while it stood in the queue.
    """
    since = chat.unanswered_since
    if chat.status != Conversation.Status.ACTIVE or chat.assignee_id is None or since is None:
        return Alert(agent=False, supervisors=False)
    since = max(since, chat.accepted_at or since)
    target = timedelta(seconds=settings.IMECE["REPLY_TARGET_SECONDS"])

    def passed(moment: datetime) -> bool:
        return now >= moment and (chat.late_told_at is None or chat.late_told_at < moment)

    return Alert(agent=passed(since + target), supervisors=passed(since + 2 * target))


@transaction.atomic
def _alert(chat: Conversation, now: datetime) -> bool:
    chat = lock_conversation(chat)
    alert = due(chat, now)
    if not any(alert) or chat.unanswered_since is None:
        return False
    chat.late_told_at = now
    chat.save(update_fields=["late_told_at"])
    publish(
        ConversationLate.of(
            chat,
            customer=chat.visitor.name if chat.visitor else "",
            agent=chat.assignee.name if chat.assignee else "",
            since=wire_time(chat.unanswered_since),
            is_first=alert.agent,
            supervisor_ids=_supervisors(chat, now) if alert.supervisors else (),
        )
    )
    return True


def _supervisors(chat: Conversation, now: datetime) -> tuple[int, ...]:
    """Return who supervises the chat, is Online and here."""
    others = [
        agent
        for agent in online_agents(now)
        if agent.pk != chat.assignee_id and getattr(agent, "is_here", False)
    ]
    return tuple(
        agent_id
        for agent_id, access in accesses_of(others).items()
        if access.may_in(Permission.SUPERVISE, chat.brand_id, chat.channel)
        and Conversation.objects.visible_to(access).filter(pk=chat.pk).exists()
    )
