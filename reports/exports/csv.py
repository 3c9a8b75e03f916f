"""A sheet as CSV: seconds and shares are numbers."""

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from reports.exports.sheet import Sheet

# What a spreadsheet would take for a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_lines(sheet: Sheet, *, excel: bool) -> Iterator[str]:
    """Return a file line by line; `excel`: as a Turkish Excel opens it, with ; and a mark."""
    writer: Any = csv.writer(_Echo(), delimiter=";" if excel else ",", lineterminator="\r\n")
    if excel:
        yield _BOM
    for row in sheet.lines:
        yield writer.writerow([_cell(value, excel, sheet.zone) for value in row])


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
