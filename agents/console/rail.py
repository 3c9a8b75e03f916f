"""The console's main menu: each room registers its entries when it is ready."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from agents.access import Access


@dataclass(frozen=True, kw_only=True)
class RailEntry:
    """A link of the main menu; `key` is the area, or how its name begins, that lights it, as do
    those of `areas`, which are reached from its page."""

    key: str
    label: str | Promise
    icon: str
    url_name: str
    # Smaller numbers stand above.
    order: int
    may: Callable[[Access], bool] = lambda access: True
    # Whether the page shows rows of the chosen brand.
    keeps_brand: bool = False
    areas: tuple[str, ...] = ()
    in_menu: bool = True
    # The template of a number beside the icon.
    counter: str = ""


_entries: dict[str, RailEntry] = {}


def register_entry(entry: RailEntry) -> None:
    """Add an entry to the main menu."""
    _entries[entry.key] = entry


def entries_for(access: Access) -> list[RailEntry]:
    """Return the entries that somebody may open, from above."""
    found = (entry for entry in _entries.values() if entry.in_menu and entry.may(access))
    return sorted(found, key=lambda entry: entry.order)


def home_of(area: str) -> RailEntry:
    """Return the entry to whose page the brand selector leads: the area's own, else the first."""
    areas = sorted(
        (entry for entry in _entries.values() if entry.keeps_brand), key=lambda entry: entry.order
    )
    return next((entry for entry in areas if entry.key == area), areas[0])
