"""Whose turn it is when a crowd waits."""

import asyncio

import pytest

from config.web.turns import Turns

pytestmark = pytest.mark.once


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


class Guest:
    """Somebody who takes a turn and keeps it until told to leave."""

    def __init__(self, turns: Turns, place: str, came_in: list[str]) -> None:
        self._turns, self._place, self._came_in = turns, place, came_in
        self.leave = asyncio.Event()
        self.task = asyncio.create_task(self._visit())

    async def _visit(self) -> None:
        await self._turns.take(self._place)
        try:
            self._came_in.append(self._place)
            await self.leave.wait()
        finally:
            self._turns.give()


async def test_places_take_turns_however_many_come_from_one() -> None:
    turns, came_in = Turns(1), list[str]()
    guests = [Guest(turns, place, came_in) for place in "aaaabac"]
    await settle()
    for guest in guests:
        guest.leave.set()
    await asyncio.gather(*(guest.task for guest in guests))
    assert "".join(came_in) == "aabcaaa"


async def test_only_so_many_are_inside() -> None:
    turns, came_in = Turns(2), list[str]()
    guests = [Guest(turns, "a", came_in) for _ in range(5)]
    await settle()
    assert len(came_in) == 2
    guests[0].leave.set()
    await settle()
    assert len(came_in) == 3
    for guest in guests:
        guest.leave.set()
    await asyncio.gather(*(guest.task for guest in guests))
    assert len(came_in) == 5


async def test_who_gives_up_takes_no_turn_along() -> None:
    turns, came_in = Turns(1), list[str]()
    first, leaver, last = (Guest(turns, place, came_in) for place in "abc")
    await settle()
    leaver.task.cancel()
    await settle()
    first.leave.set()
    last.leave.set()
    await asyncio.gather(first.task, last.task)
    assert leaver.task.cancelled()
    assert came_in == ["a", "c"]


async def test_a_turn_that_comes_too_late_goes_on_to_the_next() -> None:
    turns, came_in = Turns(1), list[str]()
    await turns.take("a")
    late, after = (Guest(turns, place, came_in) for place in "bc")
    await settle()
    turns.give()
    late.task.cancel()
    await settle()
    assert came_in == ["c"]
    after.leave.set()
    await after.task
