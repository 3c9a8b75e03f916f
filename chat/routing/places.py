"""Places in line."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache

from chat.routing.availability import Floor, durations_of
from chat.routing.decision import Waiting
from chat.routing.estimate import Band, estimate

type Place = tuple[int, Band | None]


def positions(queue: Sequence[Waiting]) -> dict[int, int]:
    """Return for each chat of the ordered queue its place among those it shares a team with."""
    # For each team the chats seen so far, as bits; one place is the count of a union.
    seen: defaultdict[int, int] = defaultdict(int)
    found = {}
    for index, waiting in enumerate(queue):
        ahead = 0
        for team_id in waiting.team_ids:
            ahead |= seen[team_id]
            seen[team_id] |= 1 << index
        found[waiting.id] = ahead.bit_count() + 1
    return found


def places(floor: Floor, *, brand_id: int | None = None) -> dict[int, Place]:
    """Return place and estimated wait of everybody in line, or of those who wait for one brand."""
    durations: Callable[[int], list[float]] = cache(durations_of)
    slots = cache(floor.room)
    order = positions(floor.queue)
    return {
        waiting.id: (
            order[waiting.id],
            estimate(
                position=order[waiting.id],
                slots=slots(waiting.brand_id, waiting.team_ids, waiting.channel).slots,
                durations=durations(waiting.brand_id),
            ),
        )
        for waiting in floor.queue
        if brand_id is None or waiting.brand_id == brand_id
    }
