"""Whose turn it is where only so many are served at a time."""

import asyncio
from collections import deque


class Turns:
    """Lets `at_once` in, and the others one after the other: not as they came, but round by place.

    So a crowd from one place waits for itself, and whoever comes from elsewhere hardly for it.
    Nobody is sent away, and nothing is kept free: behind a proxy that is not told of all come from
    one place, and then it is first come, first served.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        # In the order in which it is each place's turn.
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}

    async def take(self, place: str) -> None:
        """Wait until it is one's turn; whoever had it calls `give`."""
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(place, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                # It came too late.
                self.give()
            raise

    def give(self) -> None:
        """Let the next one in."""
        while self._lines:
            place = next(iter(self._lines))
            line = self._lines.pop(place)
            turn = line.popleft()
            if line:
                # Behind all the others.
                self._lines[place] = line
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
