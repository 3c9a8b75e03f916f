"""What agents' screens hear of what they are told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from agents.events import agent_group
from config.events import Delivery, Event


@dataclass(frozen=True, kw_only=True)
class AgentTold(Event):
    """An agent is told of something without a sound."""

    name: ClassVar[str] = "agent.told"
    durable: ClassVar[bool] = False

    agent_id: int
    notice: str
    # Title and words.
    said: tuple[str, str]
    url: str

    def deliveries(self) -> Iterable[Delivery]:
        """Return what the agent's screens show."""
        title, text = self.said
        told = {"class": self.notice, "title": title, "text": text, "url": self.url}
        yield Delivery.of_event(agent_group(self.agent_id), self.name, **told)
