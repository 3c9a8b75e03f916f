"""What a list of rows is: its columns, which rows, and where each leads."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise

from agents.access import Access
from reports.definitions import Unit
from reports.filters import Filters
from reports.listings.cells import Cell

PAGE = 100
# How many rows one statement of a file reads: each is short, and none holds a snapshot open.
FILE_PAGE = 2000


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; without a unit it is text. Some stand in files only."""

    name: str | Promise
    unit: Unit | None = None
    on_page: bool = True
    # What people read, on pages and in files, instead of a code; programs read the code.
    labels: Mapping[str, str | Promise] = field(default_factory=dict)

    def said(self, value: Any) -> Any:
        """Return a value as people read it, in the language of the moment."""
        if not self.labels or value not in self.labels:
            return value
        return str(self.labels[value])


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Rows behind cells, newest first by `moment`."""

    name: str
    title: str | Promise
    columns: Mapping[str, Column]
    moment: str
    # Raises `BadFilter`.
    find: Callable[[Cell, Filters, Access, datetime], QuerySet[Any]]
    show: Callable[[Any, Filters, datetime], dict[str, Any]]
    # Where the rows of a page lead, by key; those that the agent may not open are left out.
    links: Callable[[Iterable[Any], Access], Mapping[int, str]]
    narrowed_by: tuple[str, ...]


def every(rows: QuerySet[Any], moment: str) -> Iterator[Any]:
    """Yield all rows, newest first by the field `moment`, without holding them all.

    Each `FILE_PAGE` of them are one query, from where the one before ended.
    """
    ordered = rows.order_by(f"-{moment}", "-pk")
    last: Any = None
    while True:
        wanted = ordered
        if last is not None:
            at = getattr(last, moment)
            wanted = ordered.filter(
                Q(**{f"{moment}__lt": at}) | Q(**{moment: at, "pk__lt": last.pk})
            )
        page = list(wanted[:FILE_PAGE])
        yield from page
        if len(page) < FILE_PAGE:
            return
        last = page[-1]
