"""Which cell of which report a list of rows is behind, read from the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from reports.definitions import REPORTS, Figure, Listing, Source, named_figure
from reports.figures.building import row_value
from reports.filters import BadFilter


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A figure, and of which row; without a figure all rows are meant."""

    figure: Figure | None = None
    by: str = ""
    row: str | None = None

    @property
    def is_of_tickets(self) -> bool:
        """Return whether tickets are behind it, which have other rows than chats."""
        return self.figure is not None and self.figure.listing == Listing.TICKETS

    @property
    def query(self) -> dict[str, str]:
        """Return what stands in the address."""
        if self.figure is None:
            return {}
        values = {"figure": self.figure.word, "by": self.by, "row": self.row}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def value(self) -> Any:
        """Return what the row stands for in facts: a key, a day or a word, as its column has it.

        None for the totals, `NONE` for what has none. Raises `BadFilter` for a row that can't be.
        """
        try:
            return None if self.row is None else row_value(self.by, self.row)
        except ValueError:
            raise BadFilter(_("There is no such row.")) from None


def read_cell(wish: Mapping[str, str], *, of: str) -> Cell:
    """Return the cell that an address (`figure`, `by`, `row`) of the list or report `of` names; an
    empty one when it names no figure.

    Raises `BadFilter` for a figure, a column or a pair of them that has no rows.
    """
    key, by, row = wish.get("figure", ""), wish.get("by", ""), wish.get("row")
    if not key:
        return Cell()
    of_tickets = of in {Listing.TICKETS, "tickets"}
    figure = named_figure(key[:40], of_tickets=of_tickets)
    cell = Cell(figure=figure, by=by, row=row)
    alike = [each for each in REPORTS.values() if (each.name == "tickets") is cell.is_of_tickets]
    known_by = {value for report in alike for value in report.by}
    if figure is None or (row is not None and by not in known_by):
        raise BadFilter(_("There is no such figure."))
    if (by == "agent" and not figure.agent) or (row is not None and figure.source == Source.NOW):
        raise BadFilter(_("There is no such figure."))
    return cell
