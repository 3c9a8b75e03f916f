"""How long the wait will be: a band, or nothing when too little is known."""

from collections.abc import Sequence
from math import ceil, floor
from statistics import quantiles
from typing import TypedDict

MIN_SAMPLES = 20


class Band(TypedDict):
    """A wait between `low` and `high` seconds, in whole minutes."""

    low: int
    high: int


def estimate(*, position: int, slots: int, durations: Sequence[float]) -> Band | None:
    """Return the wait of whoever stands at `position` of a line that `slots` slots serve.

    `durations` are seconds that recent chats kept a slot. With all slots taken one becomes free
    every duration / slots seconds; the middle half of the durations makes the band.
    """
    if len(durations) < MIN_SAMPLES or slots < 1 or position < 1:
        return None
    lower, _, upper = quantiles(durations, n=4)
    low = max(1, floor(position * lower / slots / 60))
    high = max(low + 1, ceil(position * upper / slots / 60))
    return Band(low=low * 60, high=high * 60)
