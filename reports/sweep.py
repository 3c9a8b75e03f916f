"""One agent's time, from moments in order: how long what lasted, and how many chats at once.

Everything is a whole number of microseconds, so that parts add up to the last digit. What begins
and what ends in a stretch of time is found by halving and added up: no chat is looked at for each
day, and none is remembered by its own. A year has a million of them, so what is done with each is
done by `sum`, `map` and `compress`, several times as fast as a loop.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import compress, count
from operator import gt, le
from typing import NamedTuple

from agents.models import Status

# Of one agent in one stretch: microseconds, counts and moments, by the part's name.
type Parts = dict[str, int]

# As words: to compare with what a list of choices holds takes longer, and it is done for each turn.
_ONLINE, _OFFLINE = Status.ONLINE.value, Status.OFFLINE.value

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(count: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=count)


class Turn(NamedTuple):
    """A stretch in one status."""

    status: str
    reason: int | None
    since: int
    until: int
    capacity: int
    # Another status began here; else it is the part of a longer one, or of a new limit.
    is_change: bool = False


class _Lasting:
    """How long things that begin and end last, all together."""

    def __init__(self, begun: Sequence[int], over: Sequence[int]) -> None:
        self._begun, self._over = begun, over

    def within(self, since: int, until: int) -> int:
        """Return how long between two moments; what goes on at either counts from it, or up to it.

        Only what lies between them is added up: as stretches don't overlap, each once.
        """
        begun, over = self._begun, self._over
        first, last = bisect_right(begun, since), bisect_right(begun, until)
        before, after = bisect_right(over, since), bisect_right(over, until)
        lasts = sum(over[before:after]) - sum(begun[first:last])
        return lasts + (last - after) * until - (first - before) * since


def _together(begun: Sequence[int], over: Sequence[int]) -> _Lasting:
    """Return the stretches in which at least one of them lasts: what overlaps counts once."""
    if not begun:
        return _Lasting((), ())
    # One begins a stretch where as many are over as have begun before it.
    later = begun[1:]
    is_new = list(map(le, over, later))
    return _Lasting([begun[0], *compress(later, is_new)], [*compress(over, is_new), over[-1]])


class Sessions:
    """The chats of one agent: when each began, was over, and gave its slot back."""

    def __init__(self, begun: Iterable[int], over: Iterable[int], freed: Iterable[int]) -> None:
        self._begun, self._over, freed = sorted(begun), sorted(over), sorted(freed)
        self.open = _Lasting(self._begun, self._over)
        self.slots = _Lasting(self._begun, freed)
        self.busy = _together(self._begun, self._over)
        self.occupied = _together(self._begun, freed)

    def most(self, since: int, until: int) -> int:
        """Return the most that were open at the same time."""
        begun, over = self._begun, self._over
        first, last = bisect_right(begun, since), bisect_left(begun, until)
        most = first - bisect_right(over, since)
        number = max(first, most)
        while number < last:
            # Where one more than the most so far are open, as so few are over by then: none before
            # it was, and so none before it has more.
            is_more = map(gt, over[number - most : last - most], begun[number:last])
            found = next(compress(count(number), is_more), last)
            most += found < last
            number = max(found, most)
        return most


def sweep(turns: Sequence[Turn], sessions: Sessions, cuts: Sequence[int]) -> list[Parts]:
    """Return the parts of one agent's time between each cut and the next.

    `turns` don't overlap and are in order; what lies outside the cuts counts nowhere.
    """
    cells: list[Parts] = [defaultdict(int) for _ in cuts[1:]]
    for number, cell in enumerate(cells):
        since, until = cuts[number], cuts[number + 1]
        cell["open"] = sessions.open.within(since, until)
        cell["busy"] = sessions.busy.within(since, until)
        cell["most"] = sessions.most(since, until)
    for turn in turns:
        if cuts[0] <= turn.since < cuts[-1]:
            _begin(cells[bisect_right(cuts, turn.since) - 1], turn)
        since = max(turn.since, cuts[0])
        place = bisect_right(cuts, since) - 1
        while since < min(turn.until, cuts[-1]):
            until = min(turn.until, cuts[place + 1])
            _spend(cells[place], turn, sessions, since, until)
            since, place = until, place + 1
    return cells


def _begin(cell: Parts, turn: Turn) -> None:
    if turn.status != _OFFLINE:
        cell.pop("last_offline", None)
    elif turn.is_change:
        cell["last_offline"] = turn.since
    if turn.is_change:
        cell["changes"] += 1


def _spend(cell: Parts, turn: Turn, sessions: Sessions, since: int, until: int) -> None:
    cell[turn.status] += until - since
    if turn.reason is not None:
        cell[f"break_{turn.reason}"] += until - since
    if turn.status == _ONLINE:
        cell.setdefault("first_online", since)
        cell["offered"] += (until - since) * turn.capacity
        cell["used"] += sessions.slots.within(since, until)
        cell["occupied"] += sessions.occupied.within(since, until)
    elif turn.status != _OFFLINE:
        cell["away"] += sessions.busy.within(since, until)


def joined(many: Iterable[Parts]) -> Parts:
    """Return the parts of several agents or stretches as those of one."""
    whole: Parts = defaultdict(int)
    for parts in many:
        for name, value in parts.items():
            match name:
                case "most" | "last_offline":
                    whole[name] = max(whole.get(name, value), value)
                case "first_online":
                    whole[name] = min(whole.get(name, value), value)
                case _:
                    whole[name] += value
    return whole
