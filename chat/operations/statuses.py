"""What an agent is doing, and what that means for the chats they have."""

from datetime import datetime

from django.db import transaction

from agents.access import access_of
from agents.models import Agent, BreakReason, Permission, Status, StatusInterval
from agents.operations.statuses import set_status
from chat.locks import lock_agent, lock_conversations
from chat.models import Conversation, Offer
from chat.operations.assignment import put_in_queue
from chat.operations.offers import withdraw_offers

KEEP = "keep"
REQUEUE = "requeue"


class OpenChats(Exception):
    """Going Offline with open chats must say what happens to them."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class NotAllowed(Exception):
    """Only the agent and supervisors change an agent's status."""


@transaction.atomic
def change_status(
    *,
    agent: Agent,
    status: str,
    reason: BreakReason | None = None,
    confirm: str | None = None,
    by: Agent | None,
    now: datetime,
) -> StatusInterval:
    """Give `agent` a status. Invisible and Break keep their chats and receive nothing.

    Offline asks by `OpenChats` when there are any, until `confirm` says "keep" or "requeue". What
    rings at the agent rings at somebody else at once, and is no missed offer.
    """
    person = lock_agent(agent.pk)
    if by is not None and by.pk != agent.pk and not access_of(by).may(Permission.SUPERVISE):
        raise NotAllowed
    is_leaving = status == Status.OFFLINE
    open_ids: list[int] = []
    if is_leaving and (person.status != Status.OFFLINE or confirm == REQUEUE):
        mine = Conversation.objects.unresolved().filter(
            assignee=person, status=Conversation.Status.ACTIVE
        )
        open_ids = list(mine.values_list("pk", flat=True))
        if open_ids and confirm not in {KEEP, REQUEUE}:
            raise OpenChats(len(open_ids))
    returned = open_ids if confirm == REQUEUE else []
    ringing = Offer.objects.filter(agent=person, result=Offer.Result.OPEN)
    rung = [] if status == Status.ONLINE else ringing.values_list("conversation_id", flat=True)
    # All at once: chats are locked in the order of their keys.
    for chat in lock_conversations({*returned, *rung}):
        if chat.assignee_id == person.pk and chat.status == Conversation.Status.ACTIVE:
            put_in_queue(chat, by=by, now=now, at_head=True, reason="offline")
        elif chat.status == Conversation.Status.QUEUED:
            withdraw_offers(chat, now=now, at=person.pk)
    return set_status(agent=agent, status=status, reason=reason, by=by, now=now)
