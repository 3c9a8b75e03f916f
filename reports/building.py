"""A whole report: totals, rows with their names, and the same of the time before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.access import Access
from agents.models import Agent, Brand, Channel, Topic
from reports.definitions import FIGURES, REPORTS, Figure, Report
from reports.figures import Row, compute
from reports.filters import Filters


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of a report's table. `key` stands in addresses, "" for nobody or none."""

    key: str
    name: str
    values: Row


@dataclass(frozen=True, kw_only=True)
class Built:
    """A report as it is now."""

    report: Report
    by: str
    filters: Filters
    as_of: datetime
    totals: Row
    before: Row
    lines: list[Line]
    hours: Mapping[tuple[int, int], int] = field(default_factory=dict)

    @property
    def figures(self) -> list[Figure]:
        """Return what stands in its columns."""
        return [FIGURES[key] for key in self.keys]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of its columns."""
        if self.by != "agent":
            return self.report.keys
        return tuple(key for key in self.report.keys if FIGURES[key].agent)


def build(name: str, filters: Filters, access: Access, *, by: str = "", now: datetime) -> Built:
    """Build a report. Raises `KeyError` for one that there isn't."""
    report = REPORTS[name]
    chosen = by if by in report.by else report.by[0]
    rows = compute(report.keys, filters, access, by=chosen)
    before: Row = {}
    if filters.compare:
        before = compute(report.tiles, filters.before, access)[None]
    hours: dict[tuple[int, int], int] = {}
    if name == "general":
        counted = compute(["requests"], filters, access, by="hour")
        hours = {place: int(row["requests"] or 0) for place, row in counted.items()}
    return Built(
        report=report,
        by=chosen,
        filters=filters,
        as_of=now,
        totals=_whole(report, compute(report.keys, filters, access)[None]),
        before=before,
        lines=_lines(report, rows, chosen, filters),
        hours=hours,
    )


def _whole(report: Report, row: Row) -> Row:
    return {key: row.get(key, _nothing(key)) for key in report.keys}


def _nothing(key: str) -> int | None:
    return 0 if FIGURES[key].unit == "count" else None


def _lines(report: Report, rows: Mapping[Any, Row], by: str, filters: Filters) -> list[Line]:
    if by == "day":
        days = (filters.last - filters.first).days + 1
        every = [filters.first + timedelta(days=number) for number in range(days)]
        return [
            Line(key=day.isoformat(), name=_day(day), values=_whole(report, rows.get(day, {})))
            for day in every
        ]
    names = _names(by, rows)
    lines = [
        Line(key=names[key][0], name=names[key][1], values=_whole(report, row))
        for key, row in rows.items()
        # Facts of nobody, of which nothing counts, are no row.
        if any(row.values())
    ]
    lead = report.keys[0]
    return sorted(lines, key=lambda line: (-(line.values.get(lead) or 0), line.name))


def _day(day: date) -> str:
    return date_format(day, "j M Y")


def _names(by: str, keys: Any) -> dict[Any, tuple[str, str]]:
    """Return the key in addresses and the name of each row."""
    found: dict[Any, tuple[str, str]] = {None: ("", _("None")), "": ("", _("None"))}
    match by:
        case "agent":
            people = Agent.objects.filter(pk__in=[key for key in keys if key])
            found |= {one.pk: (one.public_id, one.name) for one in people}
            found[None] = ("", _("Deleted agent"))
        case "topic":
            language = get_language() or ""
            topics = Topic.objects.filter(pk__in=[key for key in keys if key])
            found |= {one.pk: (str(one.pk), one.label(language)) for one in topics}
        case "brand":
            brands = Brand.objects.filter(pk__in=list(keys))
            found |= {one.pk: (str(one.pk), one.name) for one in brands}
        case "channel":
            found |= {value: (value, str(label)) for value, label in Channel.choices}
        case "started_by":
            found |= {"visitor": ("visitor", _("Visitor")), "agent": ("agent", _("Agent"))}
    return found


def row_value(by: str, key: str) -> Any:
    """Return what a row's key in an address stands for in facts. Raises `ValueError`."""
    match by:
        case "day":
            return date.fromisoformat(key)
        case "agent":
            return Agent.objects.filter(public_id=key).values_list("pk", flat=True).first() or 0
        case "topic" | "brand":
            return int(key)
    return key
