"""What rooms above put into the demo, and take away with it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from agents.models import Brand


class DemoPart(NamedTuple):
    """One room's part: made for the demo's brands, and purged once those are gone."""

    seed: Callable[[Sequence[Brand], datetime], None]
    # Returns how many rows it deleted.
    purge: Callable[[], int]


_parts: list[DemoPart] = []


def add_to_demo(part: DemoPart) -> None:
    """Have a room's part made and purged with the demo."""
    _parts.append(part)


def parts() -> Sequence[DemoPart]:
    """Return what was added."""
    return tuple(_parts)
