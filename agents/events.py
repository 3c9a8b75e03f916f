"""Facts about people, and the groups of sockets that hear them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from config.events import Event, Ring


def agent_group(agent_id: int) -> str:
    """Name the group of all console sockets of one agent."""
    return f"agent.{agent_id}"


def desk_group(brand_id: int) -> str:
    """Name the group of the console sockets of everyone authorised for a brand."""
    return f"desk.{brand_id}"


def _frames(*frames: dict[str, Any]) -> dict[str, Any]:
    return {"type": "live.frames", "frames": list(frames)}


@dataclass(frozen=True, kw_only=True)
class AgentStatusChanged(Event):
    """An agent's status changed; heard by the agent's own screens and the desks they work at."""

    name: ClassVar[str] = "agent.status"

    agent_id: int
    public_id: str
    display_name: str
    status: str
    previous: str
    reason_id: int | None
    since: str
    by: int | None
    brand_ids: tuple[int, ...]

    def rings(self) -> Iterable[Ring]:
        content = _frames(
            {
                "type": "event",
                "name": "agent.status",
                "data": {
                    "agent": self.public_id,
                    "name": self.display_name,
                    "status": self.status,
                    "reason": self.reason_id,
                    "since": self.since,
                },
            }
        )
        yield Ring(agent_group(self.agent_id), content)
        for brand_id in self.brand_ids:
            yield Ring(desk_group(brand_id), content)


@dataclass(frozen=True, kw_only=True)
class AgentReturned(Event):
    """An agent who was Online without a sign of life is here again, and may receive work."""

    name: ClassVar[str] = "agent.returned"

    agent_id: int


@dataclass(frozen=True, kw_only=True)
class AccessChanged(Event):
    """What an agent may do changed: roles, teams, or being active at all."""

    name: ClassVar[str] = "agent.access"

    agent_id: int
    is_active: bool


@dataclass(frozen=True, kw_only=True)
class SocketsRevoked(Event):
    """Open sockets of an agent must close now: all of them, or those of one session."""

    name: ClassVar[str] = "agent.revoked"
    durable: ClassVar[bool] = False

    agent_id: int
    session_key: str | None = None

    def rings(self) -> Iterable[Ring]:
        yield Ring(agent_group(self.agent_id), {"type": "live.revoke", "session": self.session_key})
