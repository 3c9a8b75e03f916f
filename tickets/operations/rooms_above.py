"""Rooms above whose rows hold what is known of customers: they go along with what changes there."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a room above does when customers become one or are corrected.

    `hold` locks its rows before ours are locked, `correct` takes over what fields were
    and became, `show` tells its screens.
    """

    hold: Callable[[Collection[int]], None]
    correct: Callable[[int, Mapping[str, Sequence[str]]], None]
    show: Callable[[int], None]


rooms: list[Room] = []


def follow_customers(room: Room) -> None:
    """Let a room above lock its rows first, take over what is corrected, and tell its screens."""
    rooms.append(room)
