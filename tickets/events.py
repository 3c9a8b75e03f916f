"""Facts about tickets, and who hears them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from agents.events import desk_group
from agents.models import Agent
from config.events import Delivery, Event
from config.wire import encode, event_frame, frames_content
from tickets.models import Ticket
from tickets.places import Place, place_of


def _at_the_desk(place: Place, name: str, bare: dict[str, Any] | None, /, **data: Any) -> Delivery:
    """Return what the brand's desk hears; who may not see the ticket hears `bare` or nothing.

    Each socket asks that of what it knows of its agent.
    """
    content = frames_content(event_frame(name, data))
    content["place"] = dict(place)
    content["bare"] = [] if bare is None else [encode(event_frame(name, bare))]
    return Delivery(desk_group(place["brand"]), content)


@dataclass(frozen=True, kw_only=True)
class TicketChanged(Event):
    """A ticket was opened, has a new line, or other properties; `what` says which."""

    name: ClassVar[str] = "ticket.changed"
    durable: ClassVar[bool] = False

    ticket_id: int
    what: str
    head: int
    place: Place

    @classmethod
    def of(cls, ticket: Ticket, what: str, *, place: Place | None = None) -> Self:
        """Return the event about `ticket` as it stands now, or for those of another `place`."""
        place = place or place_of(ticket)
        return cls(ticket_id=ticket.pk, what=what, head=ticket.last_seq, place=place)

    def deliveries(self) -> Iterable[Delivery]:
        """Return a bell for the brand's desk; which ticket rang hears only who may see it.

        The others hear that something did: they may have lost sight of it, and their lists look.
        """
        brand = str(self.place["brand"])
        told = {"ticket": str(self.ticket_id), "brand": brand, "head": self.head}
        delivery = _at_the_desk(self.place, self.name, {"brand": brand}, **told)
        # Sockets that watch it look for its new lines.
        delivery.content["ticket"] = told["ticket"]
        yield delivery


@dataclass(frozen=True, kw_only=True)
class TicketWritten(Event):
    """The ledger of a ticket, or what it is, has changed: so may all that is made of it.

    `seq` is its newest line; 1 where the ticket was opened.
    """

    name: ClassVar[str] = "ticket.written"

    ticket_id: int
    seq: int


@dataclass(frozen=True, kw_only=True)
class TicketTyping(Event):
    """Somebody is answering a ticket, or has stopped."""

    name: ClassVar[str] = "ticket.typing"
    durable: ClassVar[bool] = False

    ticket_id: int
    place: Place
    agent: str
    agent_name: str
    on: bool

    @classmethod
    def of(cls, ticket: Ticket, agent: Agent, *, on: bool) -> Self:
        """Return the event about `agent` at `ticket`."""
        return cls(
            ticket_id=ticket.pk,
            place=place_of(ticket),
            agent=agent.public_id,
            agent_name=agent.name,
            on=on,
        )

    def deliveries(self) -> Iterable[Delivery]:
        """Return what colleagues who may see the ticket see beside it."""
        told = {"agent": self.agent, "name": self.agent_name, "on": self.on}
        yield _at_the_desk(self.place, self.name, None, ticket=str(self.ticket_id), **told)


@dataclass(frozen=True, kw_only=True)
class TicketFact(Event):
    """Something of a ticket that agents are told of; `by` did it, or nobody of ours."""

    ticket_id: int
    by: int | None = None


@dataclass(frozen=True, kw_only=True)
class TicketOpened(TicketFact):
    """There is a new ticket."""

    name: ClassVar[str] = "ticket.opened"


@dataclass(frozen=True, kw_only=True)
class TicketAnswered(TicketFact):
    """The customer has written in a ticket."""

    name: ClassVar[str] = "ticket.answered"

    seq: int


@dataclass(frozen=True, kw_only=True)
class TicketUndelivered(TicketFact):
    """An answer did not arrive at an address; `seq` is the note that says so."""

    name: ClassVar[str] = "ticket.undelivered"

    seq: int
    address: str


@dataclass(frozen=True, kw_only=True)
class TicketAssigned(TicketFact):
    """A ticket was given to an agent."""

    name: ClassVar[str] = "ticket.assigned"

    assignee_id: int
    seq: int


@dataclass(frozen=True, kw_only=True)
class TicketTeamed(TicketFact):
    """A ticket was given to a team."""

    name: ClassVar[str] = "ticket.teamed"

    team_id: int
    seq: int


@dataclass(frozen=True, kw_only=True)
class TicketNoted(TicketFact):
    """An agent wrote a note in a ticket that may name colleagues."""

    name: ClassVar[str] = "ticket.noted"

    seq: int


@dataclass(frozen=True, kw_only=True)
class TicketRuleNotice(TicketFact):
    """A rule tells agents something about a ticket."""

    name: ClassVar[str] = "ticket.rule_notice"

    # Names it among all: one run of a rule may tell several things.
    key: str
    rule: str
    # The rule names a team, and nobody in it.
    to_team: bool = False
    # (agent, text)
    notices: tuple[tuple[int, str], ...]
