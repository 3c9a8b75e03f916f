"""What narrows a report, each in words and with the address without it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from reports.figures.building import written_day
from reports.filters import Filters
from reports.listings import Cell


class Chip(NamedTuple):
    """One filter; one without an address stays as long as there is a report."""

    text: str
    url: str = ""


def chips_of(
    name: str, filters: Filters, choices: Iterable[Mapping[str, Any]], cell: Cell, by: str
) -> list[Chip]:
    """Return the chips of a report or list, in the order of its choices."""
    kept = cell.query or ({"by": by} if by else {})
    query = filters.query | kept

    def without(*keys: str) -> str:
        left = {key: value for key, value in query.items() if key not in keys}
        return f"{reverse('report', args=[name])}?{urlencode(left)}"

    first, last = written_day(filters.first), written_day(filters.last)
    chips = [Chip(first if first == last else f"{first} – {last}"), Chip(filters.zone.key)]
    for choice in choices:
        if chosen := choice["chosen"]:
            value = dict(choice["options"]).get(chosen) or _("not there any more")
            chips.append(Chip(f"{choice['label']}: {value}", without(choice["key"])))
    if filters.compare:
        chips.append(Chip(_("Compared"), without("compare")))
    if cell.figure:
        chips.append(Chip(str(cell.figure.name), without("figure", "by", "row")))
    return chips
