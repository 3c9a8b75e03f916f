"""Time zones to choose from: each place once, by the name it has today."""

import functools
import zoneinfo
from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

# What the machine's zone files say is a place of some country; older names are not in it.
_TABLE = "zone.tab"


@functools.cache
def time_zones() -> list[tuple[str, str]]:
    """Return UTC and the time zones that are named after places."""
    known = zoneinfo.available_timezones()
    names = sorted((_places() & known) or {name for name in known if _is_place(name)})
    return [("UTC", "UTC"), *((name, _shown(name)) for name in names)]


def _places() -> set[str]:
    """Return the names in the machine's own table; nothing where there is none."""
    for folder in zoneinfo.TZPATH:
        table = Path(folder, _TABLE)
        if table.is_file():
            lines = table.read_text(encoding="utf-8").splitlines()
            return {line.split("\t")[2] for line in lines if line and not line.startswith("#")}
    return set()


def _is_place(name: str) -> bool:
    others = ("Etc/", "SystemV/", "US/", "posix/", "right/")
    return "/" in name and not name.startswith(others)


def _shown(name: str) -> str:
    return name.replace("_", " ")


class ZoneField(forms.ChoiceField):
    """A choice of time zones, which keeps an older name that was chosen once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"label": _("Time zone"), "choices": time_zones, **options})

    def prepare_value(self, value: Any) -> Any:
        """Offer what is chosen, whatever its name."""
        if value in zoneinfo.available_timezones() and value not in dict(time_zones()):
            self.choices = [*time_zones(), (value, _shown(value))]
        return value

    def valid_value(self, value: Any) -> bool:
        """Take every zone that this machine knows."""
        return value in zoneinfo.available_timezones()
