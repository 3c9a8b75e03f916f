"""What went wrong and waits for an admin: named on the administration's start page."""

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Trouble(NamedTuple):
    """What is wrong, in a sentence, and the page where it is put right."""

    text: str
    url: str


_finders: list[Callable[[], Iterable[Trouble]]] = []


def add_troubles(find: Callable[[], Iterable[Trouble]]) -> None:
    """Have a room's troubles named, too."""
    _finders.append(find)


def troubles() -> list[Trouble]:
    """Return all that is wrong now, room by room."""
    return [each for find in _finders for each in find()]
