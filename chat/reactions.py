"""What workers do after each fact: route, wake, announce."""

import logging
from typing import Any

from django.utils import timezone

from agents.events import (
    AccessChanged,
    AgentReturned,
    AgentStatusChanged,
    DeskEdge,
    HoursChanged,
)
from agents.models import Agent, Status
from chat.events.lifecycle import (
    ConversationAssigned,
    ConversationEnded,
    ConversationLetGo,
    ConversationParked,
    ConversationQueued,
    ConversationReopened,
    ConversationResolved,
    OfferMade,
    OfferWithdrawn,
    SlotFreed,
)
from chat.events.words import ConversationWoke, MessagesPosted, TicketedWords
from chat.operations.announcements import announce_changes, announce_status
from chat.operations.answer_mails import watch_answers
from chat.operations.assignment import route
from chat.operations.correcting import correct_browsers
from chat.operations.linking import hold_browsers, show_browsers
from chat.operations.tickets import add_to_ticket
from chat.operations.transcripts import send_transcript
from chat.operations.waking import wake_conversation
from chat.operations.wrap_ups import free_wrap_ups
from config.events import Event, react_to
from config.outbox.operations import OnceABatch
from tickets.operations.rooms_above import Room, follow_customers

logger = logging.getLogger(__name__)


def _announce_now() -> None:
    """Push what changed; screens also ask by themselves, so a failure here is only noted."""
    try:
        announce_changes(now=timezone.now())
    except Exception:
        logger.warning("changes not announced", exc_info=True)


# A hundred chats that queue at once are one look at the queue.
_announce_changes = OnceABatch(_announce_now)
_route_queue = OnceABatch(lambda: route(now=timezone.now()))


def _route(fact: dict[str, Any]) -> None:
    _route_queue()
    _announce_changes()


def _announce(fact: dict[str, Any]) -> None:
    _announce_changes()


def _wake(fact: dict[str, Any]) -> None:
    wake_conversation(conversation_id=fact["conversation_id"], now=timezone.now())


def _add_to_ticket(fact: dict[str, Any]) -> None:
    add_to_ticket(conversation_id=fact["conversation_id"], now=timezone.now())


def _watch_answers(fact: dict[str, Any]) -> None:
    if fact["from_agents"]:
        watch_answers(entry_ids=fact["entry_ids"])


def _send_transcript(fact: dict[str, Any]) -> None:
    send_transcript(conversation_id=fact["conversation_id"])


def _status_changed(fact: dict[str, Any]) -> None:
    now = timezone.now()
    free_wrap_ups(now=now, agent_id=fact["agent_id"])
    if agent := Agent.objects.filter(pk=fact["agent_id"]).first():
        announce_status(agent=agent, now=now)
    if fact["status"] == Status.ONLINE:
        _route_queue()
    _announce_changes()


follow_customers(Room(hold=hold_browsers, correct=correct_browsers, show=show_browsers))
react_to(ConversationWoke, _wake)
react_to(TicketedWords, _add_to_ticket)
react_to(MessagesPosted, _watch_answers)
react_to(ConversationResolved, _send_transcript)
react_to(AgentStatusChanged, _status_changed)
_ROUTING: tuple[type[Event], ...] = (
    ConversationQueued,
    ConversationLetGo,
    ConversationResolved,
    SlotFreed,
    OfferWithdrawn,
    AccessChanged,
    AgentReturned,
)
_ANNOUNCING: tuple[type[Event], ...] = (
    ConversationAssigned,
    ConversationParked,
    ConversationEnded,
    ConversationReopened,
    OfferMade,
    HoursChanged,
    DeskEdge,
)
for _event in _ROUTING:
    react_to(_event, _route)
for _event in _ANNOUNCING:
    react_to(_event, _announce)
