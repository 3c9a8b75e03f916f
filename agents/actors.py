"""Who does something without being a person: a rule of the automation."""

from dataclasses import dataclass, field
from typing import Any


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
