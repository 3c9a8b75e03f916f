"""A sheet as a workbook: cells have types, and a customer's words are never a formula."""

from datetime import datetime
from typing import Any

import xlsxwriter

from reports.definitions import Unit
from reports.exports.sheet import Sheet

# What Excel opens of one worksheet; further rows stand on the next.
ROWS = 1_048_576
_FORMATS = {
    Unit.COUNT: "0",
    Unit.SECONDS: "0.0",
    Unit.SHARE: "0.0%",
    Unit.NUMBER: "0.0",
    Unit.MOMENT: "yyyy-mm-dd hh:mm:ss",
}
# Each row is written to disk as soon as the next begins.
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": _FORMATS[Unit.MOMENT],
}


def write_xlsx(sheet: Sheet, path: str, *, rows: int = ROWS) -> None:
    """Write a workbook to `path`."""
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        bold = book.add_format({"bold": True})
        formats = [
            book.add_format({"num_format": _FORMATS[unit]}) if unit else None
            for unit in sheet.units
        ]
        page, number = _page(book, sheet, bold), 1
        for row in sheet.rows:
            if number == rows:
                page, number = _page(book, sheet, bold), 1
            for column, value in enumerate(row):
                _write(page, number, column, value, formats[column], sheet)
            number += 1


def _page(book: Any, sheet: Sheet, bold: Any) -> Any:
    page = book.add_worksheet()
    page.set_column(0, len(sheet.head) - 1, 18)
    page.freeze_panes(1, 0)
    for column, name in enumerate(sheet.head):
        page.write_string(0, column, name, bold)
    return page


def _write(page: Any, row: int, column: int, value: Any, style: Any, sheet: Sheet) -> None:
    match value:
        case None | "":
            return
        case datetime():
            # A cell has no zone: it is the file's.
            there = value.astimezone(sheet.zone).replace(tzinfo=None)
            page.write_datetime(row, column, there, style)
        case int() | float():
            page.write_number(row, column, value, style)
        case _:
            page.write_string(row, column, str(value))
