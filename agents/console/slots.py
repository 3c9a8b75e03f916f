"""Places in the console's frame that rooms fill when they are ready."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol


class Slot(StrEnum):
    """A place in `templates/console/frame.html`."""

    BAR = "bar"
    FOOT = "foot"
    TOASTS = "toasts"
    DIALOGS = "dialogs"


class Part(Protocol):
    """What a room shows around every page, worked out once a request."""

    @property
    def kept(self) -> Mapping[str, str]:
        """Return what stays in the address when another brand is chosen."""

    @property
    def texts(self) -> Mapping[str, Any]:
        """Return the texts of the room's scripts."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return what the room's scripts must know of the page."""


_templates: dict[Slot, list[str]] = {slot: [] for slot in Slot}


def fill_slot(slot: Slot, template: str) -> None:
    """Have a template drawn in a slot; it finds its room's part under `frame.parts`."""
    if template not in _templates[slot]:
        _templates[slot].append(template)


def templates_by_slot() -> Mapping[str, list[str]]:
    """Return which templates are drawn in each slot."""
    return {slot.value: found for slot, found in _templates.items()}
