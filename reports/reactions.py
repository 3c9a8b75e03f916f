"""What happens to a chat or ticket changes its facts; each only enqueues a row on a slow queue."""

from typing import Any

from chat.events.lifecycle import (
    ConversationAssigned,
    ConversationConverted,
    ConversationEnded,
    ConversationQueued,
    ConversationReopened,
    ConversationResolved,
    OfferWithdrawn,
)
from chat.events.words import FactsAppended
from config.events import Event, react_to
from reports.facts.keeping import note_change
from reports.facts.tickets import note_ticket
from tickets.events import TicketWritten


def _note(fact: dict[str, Any]) -> None:
    note_change(conversation_id=fact["conversation_id"])


def _note_ticket(fact: dict[str, Any]) -> None:
    note_ticket(ticket_id=fact["ticket_id"])


_TELLING: tuple[type[Event], ...] = (
    ConversationQueued,
    ConversationAssigned,
    ConversationEnded,
    ConversationResolved,
    ConversationReopened,
    ConversationConverted,
    OfferWithdrawn,
    FactsAppended,
)
for _event in _TELLING:
    react_to(_event, _note)
react_to(TicketWritten, _note_ticket)
