"""Ended chats that wait for a topic at somebody who can't give them one any more."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from agents.access import access_of, accesses_of, teams_of
from agents.models import Agent, Permission
from agents.presence import with_presence
from chat.events.lifecycle import ConversationChanged
from chat.locks import lock_conversation
from chat.models import Conversation, Entry
from chat.operations.changes import name_agent
from chat.operations.entries import NewLine, append
from chat.rights import may_answer
from config.events import publish


def hand_on_stranded(*, now: datetime) -> int:
    """Give wrap-ups of agents who lost their account or right to a colleague; return how many.

    Whose team has nobody left keeps them: supervisors see them.
    """
    rows = list(_wrap_ups().values_list("pk", "assignee_id", "brand_id", "channel"))
    if not rows:
        return 0
    accesses = accesses_of(Agent.objects.filter(pk__in={agent_id for _, agent_id, _, _ in rows}))
    stranded = [
        pk
        for pk, agent_id, brand_id, channel in rows
        if agent_id not in accesses
        or not accesses[agent_id].may_in(Permission.CHAT, brand_id, channel)
    ]
    return sum(_hand_on(pk, now) for pk in stranded)


@transaction.atomic
def _hand_on(conversation_id: int, now: datetime) -> bool:
    chat = lock_conversation(Conversation.objects.get(pk=conversation_id))
    before = chat.assignee
    if chat.status != Conversation.Status.WRAP_UP or before is None:
        return False
    to = None if may_answer(access_of(before), chat) else _colleague(chat, now)
    if to is None:
        return False
    chat.assignee = to
    # It costs them no slot: nobody waits for an answer there.
    chat.holds_slot = False
    chat.save(update_fields=["assignee", "holds_slot"])
    names = {**name_agent("from", before), **name_agent("to", to)}
    append(chat, NewLine(kind=Entry.Kind.ASSIGNED, data=names), now=now)
    publish(ConversationChanged.of(chat, previous_id=before.pk))
    return True


def _colleague(chat: Conversation, now: datetime) -> Agent | None:
    """Return who of the chat's teams may have it: somebody who is here, and has the least of it."""
    unfinished = (
        _wrap_ups()
        .filter(assignee=OuterRef("pk"))
        .order_by()
        .values("assignee")
        .annotate(number=Count("pk"))
        .values("number")
    )
    people = (
        with_presence(
            Agent.objects.filter(is_active=True, teams__in=teams_of(chat)).distinct(), now
        )
        .annotate(unfinished=Coalesce(Subquery(unfinished), 0))
        .order_by("-here", "unfinished", "pk")
    )
    return next((one for one in people if may_answer(access_of(one), chat)), None)


def _wrap_ups() -> QuerySet[Conversation]:
    found: QuerySet[Conversation] = Conversation.objects.unresolved().filter(
        status=Conversation.Status.WRAP_UP, assignee__isnull=False
    )
    return found
