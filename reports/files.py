"""Reports as CSV: the same values as page and API, unrounded; seconds and shares are numbers."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from reports.building import Built
from reports.listings import Listing

# What a spreadsheet would take for a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[list[Any]], *, excel: bool, zone: ZoneInfo) -> Iterator[str]:
    """Return a file line by line; `excel`: as a Turkish Excel opens it, with ; and a mark."""
    writer: Any = csv.writer(_Echo(), delimiter=";" if excel else ",", lineterminator="\r\n")
    if excel:
        yield _BOM
    for row in rows:
        yield writer.writerow([_cell(value, excel, zone) for value in row])


def table_of(built: Built) -> Iterator[list[Any]]:
    """Return the rows of a report's file: names, the rows, and the totals."""
    figures = built.figures
    yield ["", *(str(figure.name) for figure in figures)]
    for line in built.lines:
        yield [line.name, *(line.values[figure.key] for figure in figures)]
    yield [_("Total"), *(built.totals[figure.key] for figure in figures)]


def history_of(listing: Listing, rows: Iterable[dict[str, Any]]) -> Iterator[list[Any]]:
    """Return the rows of a list's file."""
    yield [str(column.name) for column in listing.columns.values()]
    for row in rows:
        yield [row[key] for key in listing.columns]


def _cell(value: Any, excel: bool, zone: ZoneInfo) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        case float():
            text = repr(value)
            return text.replace(".", ",") if excel else text
        case int():
            return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
