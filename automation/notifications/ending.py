"""When a notification is about nothing any more."""

from datetime import datetime

from agents.devices import is_live
from agents.models import Notice
from agents.notices import is_left_alone
from agents.operations.devices import give_up_on
from automation.models import Delivery
from automation.notifications.policy import ttl_of
from chat.models import Conversation, Offer, Participation
from tickets.models import Entry as TicketEntry
from tickets.models import Ticket

State = Delivery.State


def what_ended(delivery: Delivery, now: datetime) -> str:
    """Return why there is nothing to send; empty when there is."""
    notification, device = delivery.notification, delivery.device
    if now > notification.at + ttl_of(notification.notice):
        return State.EXPIRED
    if not is_live(device):
        give_up_on(device=device)
        return State.SKIPPED
    if is_over(delivery) or not _may_see(delivery):
        return State.SKIPPED
    return State.SKIPPED if is_left_alone(device.agent, notification.notice, now) else ""


def _may_see(delivery: Delivery) -> bool:
    """Return whether the agent may see it now: a push says the customer's words."""
    agent, notification = delivery.device.agent, delivery.notification
    if notification.ticket_id is not None:
        return Ticket.objects.visible_to(agent).filter(pk=notification.ticket_id).exists()
    if notification.conversation_id is None:
        return True
    seen = Conversation.objects.visible_to(agent)
    return bool(seen.filter(pk=notification.conversation_id).exists())


def is_over(delivery: Delivery) -> bool:
    """Return whether the agent need not be told: read, taken by others, no longer theirs."""
    notification, agent_id = delivery.notification, delivery.device.agent_id
    if notification.ticket is not None:
        return _is_ticket_over(delivery, notification.ticket)
    chat: Conversation | None = notification.conversation
    if chat is None:
        return False
    own = Participation.objects.filter(conversation=chat, agent=agent_id)
    if notification.seq and own.filter(read_seq__gte=notification.seq).exists():
        return True
    if notification.notice == Notice.MESSAGE:
        return chat.assignee_id != agent_id and not own.taking_part().exists()
    if notification.notice != Notice.NEW_CHAT:
        return False
    if chat.status != Conversation.Status.QUEUED:
        return chat.assignee_id != agent_id
    if not notification.key.startswith("offered:"):
        return False
    return not Offer.objects.filter(
        conversation=chat, agent=agent_id, result=Offer.Result.OPEN
    ).exists()


def _is_ticket_over(delivery: Delivery, ticket: Ticket) -> bool:
    """Return whether it is another agent's, done, or answered; who is named stays named."""
    notification = delivery.notification
    if ticket.is_spam:
        return True
    if notification.notice == Notice.MENTION:
        return False
    if ticket.status in Ticket.DONE or ticket.assignee_id not in {None, delivery.device.agent_id}:
        return True
    answers = ticket.entries.filter(
        kind=TicketEntry.Kind.MESSAGE, author_kind=TicketEntry.AuthorKind.AGENT
    )
    return bool(answers.filter(seq__gt=notification.seq or 1).exists())
