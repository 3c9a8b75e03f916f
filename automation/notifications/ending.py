"""When a notification is about nothing any more."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from agents.access import Access, accesses_of
from agents.models import Notice
from agents.operations.devices import give_up_on
from agents.queries.devices import live_among
from agents.queries.notices import is_left_alone
from automation.models import Delivery
from automation.notifications.policy import ttl_of
from chat.models import Conversation, Offer, Participation
from chat.models.querysets import surely_sees
from tickets.models import Entry as TicketEntry
from tickets.models import Ticket
from tickets.rights import sees

State = Delivery.State


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of the agents, chats and tickets of some deliveries."""

    accesses: Mapping[int, Access]
    # Devices at which their agents may be told.
    live: Collection[int]
    # By chat and agent.
    parts: Mapping[tuple[int, int], Participation]
    # Chats that ring, and at whom.
    rung: Collection[tuple[int, int]]
    # The last answer of an agent, by ticket.
    answers: Mapping[int, int]


def facts_of(deliveries: Collection[Delivery]) -> Facts:
    """Read the facts of deliveries, in six statements at most however many they are.

    Wants the device with its agent and token, and the notification with its chat or ticket.
    """
    agents = {each.device.agent_id: each.device.agent for each in deliveries}
    told = [each.notification for each in deliveries]
    chat_ids = {each.conversation_id for each in told if each.conversation_id is not None}
    ringing = {each.conversation_id for each in told if each.key.startswith("offered:")}
    ticket_ids = {each.ticket_id for each in told if each.ticket_id is not None}
    parts = Participation.objects.filter(conversation__in=chat_ids, agent__in=agents)
    offers = Offer.objects.filter(
        conversation__in=ringing, agent__in=agents, result=Offer.Result.OPEN
    )
    answers = TicketEntry.objects.filter(
        ticket__in=ticket_ids,
        kind=TicketEntry.Kind.MESSAGE,
        author_kind=TicketEntry.AuthorKind.AGENT,
    )
    last = answers.values_list("ticket").annotate(last=Max("seq"))
    return Facts(
        accesses=accesses_of(agents.values()),
        live=live_among({each.device_id: each.device for each in deliveries}.values()),
        parts={(each.conversation_id, each.agent_id): each for each in parts},
        rung=set(offers.values_list("conversation_id", "agent_id")) if ringing else (),
        answers=dict(last) if ticket_ids else {},
    )


def what_ended(delivery: Delivery, facts: Facts, now: datetime) -> str:
    """Return why there is nothing to send; empty when there is."""
    notification, device = delivery.notification, delivery.device
    if now > notification.at + ttl_of(notification.notice):
        return State.EXPIRED
    if device.pk not in facts.live:
        give_up_on(device=device)
        return State.SKIPPED
    if is_over(delivery, facts) or not _may_see(delivery, facts):
        return State.SKIPPED
    return State.SKIPPED if is_left_alone(device.agent, notification.notice, now) else ""


def _may_see(delivery: Delivery, facts: Facts) -> bool:
    """Return whether the agent may see it now: a push says the customer's words."""
    access, notification = facts.accesses[delivery.device.agent_id], delivery.notification
    if notification.ticket is not None:
        return sees(access, notification.ticket)
    chat: Conversation | None = notification.conversation
    if chat is None or surely_sees(access, chat):
        return True
    return bool(Conversation.objects.visible_to(access).filter(pk=chat.pk).exists())


def is_over(delivery: Delivery, facts: Facts) -> bool:
    """Return whether the agent need not be told: read, taken by others, no longer theirs."""
    notification, agent_id = delivery.notification, delivery.device.agent_id
    if notification.ticket is not None:
        return _is_ticket_over(delivery, notification.ticket, facts)
    chat: Conversation | None = notification.conversation
    if chat is None:
        return False
    own = facts.parts.get((chat.pk, agent_id))
    if own is not None and notification.seq and own.read_seq >= notification.seq:
        return True
    if notification.notice == Notice.MESSAGE:
        return chat.assignee_id != agent_id and (own is None or not own.has_joined)
    if notification.notice != Notice.NEW_CHAT:
        return False
    if chat.status != Conversation.Status.QUEUED:
        return chat.assignee_id != agent_id
    is_ring = notification.key.startswith("offered:")
    return is_ring and (chat.pk, agent_id) not in facts.rung


def _is_ticket_over(delivery: Delivery, ticket: Ticket, facts: Facts) -> bool:
    """Return whether it is another agent's, done, or answered; who is named stays named."""
    notification = delivery.notification
    if ticket.is_spam:
        return True
    if notification.notice == Notice.MENTION:
        return False
    if ticket.status in Ticket.DONE or ticket.assignee_id not in {None, delivery.device.agent_id}:
        return True
    return facts.answers.get(ticket.pk, 0) > (notification.seq or 1)
