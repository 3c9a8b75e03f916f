"""The figures of the console's footer."""

from dataclasses import dataclass
from datetime import datetime

from agents.models import Agent, Brand, Permission
from chat.routing.availability import Floor, read_floor


@dataclass(frozen=True, kw_only=True)
class Counters:
    """Customers waiting, authorised agents Online, and since when the agent has its status."""

    waiting: int
    online: int
    status_since: datetime


def authorised_online(floor: Floor, brand_id: int, channel: str = "web") -> int:
    """Return how many agents are Online, here, and may answer chats of the brand and channel."""
    return sum(
        candidate.is_present and candidate.access.may_in(Permission.CHAT, brand_id, channel)
        for candidate in floor.candidates
    )


def counters(*, agent: Agent, brand: Brand, now: datetime, channel: str = "web") -> Counters:
    """Return the footer of `agent` for the chosen brand and channel."""
    floor = read_floor(now)
    return Counters(
        waiting=floor.length(brand.pk),
        online=authorised_online(floor, brand.pk, channel),
        status_since=agent.status_since,
    )
