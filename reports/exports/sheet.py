"""What stands in a file, whatever its format: the same values as page and API, unrounded.

What are codes for programs are words here, as on the page.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from agents.access import Access
from reports.definitions import ROWS, Unit
from reports.figures.building import Built, build
from reports.filters import Filters
from reports.listings import LISTINGS, Listing, every, read_cell


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Columns with their units, and rows that are read while they are written."""

    head: list[str]
    units: list[Unit | None]
    rows: Iterable[list[Any]]
    zone: ZoneInfo

    @property
    def lines(self) -> Iterator[list[Any]]:
        """Return the head, then the rows."""
        yield self.head
        yield from self.rows


def sheet_of(
    name: str, wish: Mapping[str, str], filters: Filters, access: Access, *, now: datetime
) -> Sheet:
    """Return a report or a list as a file holds it. Raises `BadFilter`, or `KeyError`."""
    if listing := LISTINGS.get(name):
        cell = read_cell(wish, of=name)
        narrowed = filters.narrowed(listing.narrowed_by)
        found = listing.find(cell, narrowed, access, now)
        return _listed(listing, found, narrowed, now)
    return _table(build(name, filters, access, by=wish.get("by", ""), now=now))


def is_longer(
    name: str,
    wish: Mapping[str, str],
    filters: Filters,
    access: Access,
    *,
    than: int,
    now: datetime,
) -> bool:
    """Return whether a file has more rows than that. Raises `BadFilter`."""
    listing = LISTINGS.get(name)
    if listing is None:
        return False
    found = listing.find(
        read_cell(wish, of=name), filters.narrowed(listing.narrowed_by), access, now
    )
    return found.order_by()[than : than + 1].exists()


def _table(built: Built) -> Sheet:
    figures, total = built.columns, _("Total")

    def rows() -> Iterator[list[Any]]:
        for line in built.lines:
            yield [line.name, *(line.values[figure.key] for figure in figures)]
        yield [total, *(built.totals[figure.key] for figure in figures)]

    return Sheet(
        head=[str(ROWS[built.by]), *(str(figure.name) for figure in figures)],
        units=[None, *(figure.unit for figure in figures)],
        rows=rows(),
        zone=built.filters.zone,
    )


def _listed(listing: Listing, found: Any, filters: Filters, now: datetime) -> Sheet:
    # Rows are written after the request that asked for them, whose language has ended by then.
    language = get_language()

    def said(row: Any) -> list[Any]:
        with override(language):
            values = listing.show(row, filters, now)
            return [column.said(values[key]) for key, column in listing.columns.items()]

    def rows() -> Iterator[list[Any]]:
        for row in every(found, listing.moment):
            yield said(row)

    columns = listing.columns.values()
    return Sheet(
        head=[str(column.name) for column in columns],
        units=[column.unit for column in columns],
        rows=rows(),
        zone=filters.zone,
    )
