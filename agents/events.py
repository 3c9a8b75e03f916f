"""Facts about people, and the groups of sockets that hear them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from config.events import Delivery, Event


def agent_group(agent_id: int) -> str:
    """Name the group of all console sockets of one agent."""
    return f"agent.{agent_id}"


def desk_group(brand_id: int) -> str:
    """Name the group of the console sockets of everyone authorised for a brand."""
    return f"desk.{brand_id}"


@dataclass(frozen=True, kw_only=True)
class AgentStatusChanged(Event):
    """An agent's status changed; heard by the agent's own screens and the desks they work at."""

    name: ClassVar[str] = "agent.status"
    urgent: ClassVar[bool] = True

    agent_id: int
    public_id: str
    display_name: str
    status: str
    reason_id: int | None
    since: str
    by: int | None
    brand_ids: tuple[int, ...]

    def deliveries(self) -> Iterable[Delivery]:
        for group in (agent_group(self.agent_id), *map(desk_group, self.brand_ids)):
            yield Delivery.of_event(
                group,
                self.name,
                agent=self.public_id,
                name=self.display_name,
                status=self.status,
                reason=self.reason_id,
                since=self.since,
            )


@dataclass(frozen=True, kw_only=True)
class AgentReturned(Event):
    """An agent who was Online without a sign of life is here again, and may receive work."""

    name: ClassVar[str] = "agent.returned"
    urgent: ClassVar[bool] = True

    agent_id: int


@dataclass(frozen=True, kw_only=True)
class AccessChanged(Event):
    """What an agent may do changed: roles, teams, or being active at all."""

    name: ClassVar[str] = "agent.access"
    urgent: ClassVar[bool] = True

    agent_id: int
    is_active: bool


@dataclass(frozen=True, kw_only=True)
class SocketsRevoked(Event):
    """Open sockets of an agent must close now: all of them, or those of one session."""

    name: ClassVar[str] = "agent.revoked"
    durable: ClassVar[bool] = False

    agent_id: int
    session_key: str | None = None

    def deliveries(self) -> Iterable[Delivery]:
        yield Delivery(
            agent_group(self.agent_id), {"type": "live.revoke", "session": self.session_key}
        )


@dataclass(frozen=True, kw_only=True)
class HoursChanged(Event):
    """The business hours of a brand or a team, or the clock they go by, are others from now on."""

    name: ClassVar[str] = "hours.changed"

    brand_id: int | None
    team_id: int | None


@dataclass(frozen=True, kw_only=True)
class DeskEdge(Event):
    """Somewhere a desk has just opened or closed by its hours."""

    name: ClassVar[str] = "hours.edge"


@dataclass(frozen=True, kw_only=True)
class OrganisationChanged(Event):
    """A brand, team, topic or agent that others may name is gone, or is there again."""

    name: ClassVar[str] = "organisation.changed"


@dataclass(frozen=True, kw_only=True)
class TagRenamed(Event):
    """A tag is another word from now on; `old` is the one before, folded."""

    name: ClassVar[str] = "tag.renamed"

    old: str
    new: str
