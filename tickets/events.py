"""Facts about tickets, and who hears them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from agents.events import desk_group
from agents.models import Agent
from config.events import Delivery, Event
from tickets.models import Ticket


@dataclass(frozen=True, kw_only=True)
class TicketChanged(Event):
    """A ticket was opened, has a new line, or other properties; `what` says which."""

    name: ClassVar[str] = "ticket.changed"
    # No worker reacts to it yet.
    durable: ClassVar[bool] = False

    ticket_id: int
    brand_id: int
    what: str
    head: int

    @classmethod
    def of(cls, ticket: Ticket, what: str) -> Self:
        """Return the event about `ticket` as it stands now."""
        return cls(ticket_id=ticket.pk, brand_id=ticket.brand_id, what=what, head=ticket.last_seq)

    def deliveries(self) -> Iterable[Delivery]:
        """Return a bell for the brand's desk; what rang is asked under each one's rights."""
        yield Delivery.of_event(
            desk_group(self.brand_id),
            self.name,
            ticket=str(self.ticket_id),
            brand=str(self.brand_id),
            head=self.head,
        )


@dataclass(frozen=True, kw_only=True)
class TicketTyping(Event):
    """Somebody is answering a ticket, or has stopped."""

    name: ClassVar[str] = "ticket.typing"
    durable: ClassVar[bool] = False

    ticket_id: int
    brand_id: int
    agent: str
    agent_name: str
    on: bool

    @classmethod
    def of(cls, ticket: Ticket, agent: Agent, *, on: bool) -> Self:
        """Return the event about `agent` at `ticket`."""
        return cls(
            ticket_id=ticket.pk,
            brand_id=ticket.brand_id,
            agent=agent.public_id,
            agent_name=agent.name,
            on=on,
        )

    def deliveries(self) -> Iterable[Delivery]:
        """Return what colleagues at the brand's desk see beside the ticket."""
        yield Delivery.of_event(
            desk_group(self.brand_id),
            self.name,
            ticket=str(self.ticket_id),
            agent=self.agent,
            name=self.agent_name,
            on=self.on,
        )
