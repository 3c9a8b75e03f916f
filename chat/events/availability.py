"""Facts about what visitors can expect, their places in line, and who is Online."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from agents.events import desk_group
from chat.events.groups import site_group, visitor_group
from config.events import Delivery, Event


@dataclass(frozen=True, kw_only=True)
class QueueMoved(Event):
    """The places of some waiting visitors changed."""

    name: ClassVar[str] = "queue.moved"
    durable: ClassVar[bool] = False

    # (secret's hash, conversation, position, eta)
    places: tuple[tuple[str, str, int, Any], ...]

    def deliveries(self) -> Iterable[Delivery]:
        """Return each visitor's new place."""
        for visitor, public_id, position, eta in self.places:
            yield Delivery.of_event(
                visitor_group(visitor),
                "queue.position",
                conversation=public_id,
                position=position,
                eta=eta,
            )


@dataclass(frozen=True, kw_only=True)
class AvailabilityChanged(Event):
    """What a visitor of the brand can expect is different from what was last said."""

    name: ClassVar[str] = "availability.changed"
    durable: ClassVar[bool] = False

    brand_id: int
    answer: dict[str, Any]

    def deliveries(self) -> Iterable[Delivery]:
        """Return the answer for the open widgets."""
        yield Delivery.of_event(site_group(self.brand_id), self.name, **self.answer)


@dataclass(frozen=True, kw_only=True)
class CountersChanged(Event):
    """How many customers wait and how many agents are Online for a brand."""

    name: ClassVar[str] = "counters"
    durable: ClassVar[bool] = False

    brand_id: int
    waiting: int
    online: int

    def deliveries(self) -> Iterable[Delivery]:
        """Return the figures for the consoles' footers."""
        yield Delivery.of_event(
            desk_group(self.brand_id),
            self.name,
            brand=str(self.brand_id),
            waiting=self.waiting,
            online=self.online,
        )


@dataclass(frozen=True, kw_only=True)
class AgentSeen(Event):
    """The status of the agent as the visitors of their chats may see it."""

    name: ClassVar[str] = "agent.seen"
    durable: ClassVar[bool] = False

    agent: dict[str, str]
    # (secret's hash, conversation)
    chats: tuple[tuple[str, str], ...]

    def deliveries(self) -> Iterable[Delivery]:
        """Return the new status for each open chat of the agent."""
        for visitor, public_id in self.chats:
            yield Delivery.of_event(
                visitor_group(visitor),
                "agent.status",
                conversation=public_id,
                agent=self.agent,
                status=self.agent["status"],
            )
