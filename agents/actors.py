"""Who does something: a person, a rule of the automation, or (None) the product itself."""

from dataclasses import dataclass, field
from typing import Any

from agents.models import Agent


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that acts. Lines that it writes carry its name and what made it act."""

    id: int
    name: str
    # How many rules have acted before it, one because of the other, and which ones.
    depth: int = 1
    chain: tuple[int, ...] = field(default=())

    @property
    def data(self) -> dict[str, Any]:
        """Return what its lines say about it."""
        return {
            "rule": {"id": self.id, "name": self.name},
            "cause": {"depth": self.depth, "rules": [*self.chain, self.id]},
        }


type Actor = Agent | Rule | None


def person(by: Actor) -> Agent | None:
    """Return who did it if that was a person of ours."""
    return by if isinstance(by, Agent) else None
