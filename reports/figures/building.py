"""A whole report: totals, rows with their names, and the same of the time before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.access import Access
from agents.models import Agent, Brand, Channel, Tag, Topic
from config.text.cleaning import key_of
from config.text.folding import sort_key
from reports.definitions import (
    COUNTED,
    REPORTS,
    Figure,
    Report,
    Source,
    Unit,
    reason_figures,
)
from reports.figures.adding import NONE, Found, Question, Row, compute_all, wanted
from reports.filters import STARTED_BY, Filters, day_of
from tickets.models import Ticket


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
    # What stands in its columns, and what only programs are told.
    figures: list[Figure]
    totals: Row
    before: Row
    lines: list[Line]
    hours: Mapping[tuple[int, int], int] = field(default_factory=dict)
    days: Mapping[date, Row] = field(default_factory=dict)
    days_before: Mapping[date, Row] = field(default_factory=dict)

    @property
    def columns(self) -> list[Figure]:
        """Return what stands in its columns."""
        return [figure for figure in self.figures if figure.is_column]


def build(name: str, filters: Filters, access: Access, *, by: str = "", now: datetime) -> Built:
    """Build a report. Raises `KeyError` for one that there isn't."""
    report = REPORTS[name]
    chosen = by if by in report.by else report.by[0]
    filters = filters.narrowed(report.narrowed_by)
    figures = [wanted(key) for key in report.keys]
    if name == "agent-status":
        at = report.keys.index("break") + 1
        figures[at:at] = reason_figures()
    if chosen == "agent":
        figures = [figure for figure in figures if figure.agent]
    keys = [figure.key for figure in figures]
    # What was asked of the chosen rows is not asked again.
    more = [key for key in report.tiles if key not in keys]
    by_hour, daily = bool(report.hourly), report.daily
    if chosen == "day":
        daily = _counted_by_hour(report, figures)
    in_time = Question(
        keys=dict.fromkeys([report.hourly, *daily] if by_hour else daily),
        filters=filters,
        by="quarter" if by_hour else "day",
    )
    asked = [key for key in keys if chosen != "day" or key not in daily]
    before = filters.before
    found, tiles, then, days_then, time = compute_all(
        [
            Question(keys=asked, filters=filters, by=chosen, with_total=True),
            Question(keys=more, filters=filters),
            Question(keys=report.tiles if filters.compare else (), filters=before),
            Question(keys=report.daily[:1] if filters.compare else (), filters=before, by="day"),
            in_time,
        ],
        access,
        now=now,
    )
    days: dict[Any, Row] = time.rows
    hours: Mapping[tuple[int, int], int] = {}
    if by_hour:
        days, hours = _by_time(report.hourly, daily, time.rows, filters.zone)
    if chosen == "day":
        summed = {key: sum(row[key] for row in days.values()) for key in daily}
        found.add(Found(days, summed))
    whole = found.total | tiles.rows.get(None, {})
    return Built(
        report=report,
        by=chosen,
        filters=filters,
        as_of=now,
        figures=figures,
        totals={key: whole.get(key, _nothing(wanted(key))) for key in {*keys, *report.tiles}},
        before=then.rows.get(None, {}),
        lines=_lines(figures, found.rows, chosen, filters),
        hours=hours,
        days=found.rows if chosen == "day" else days,
        days_before=days_then.rows,
    )


def _counted_by_hour(report: Report, figures: Iterable[Figure]) -> tuple[str, ...]:
    """Return what is counted by the same moment as what is drawn by weekday and hour.

    The quarters of an hour that are read for that tell days, too: a year is not read for both.
    """
    if not report.hourly:
        return ()
    lead = wanted(report.hourly)
    return tuple(
        figure.key
        for figure in figures
        if (figure.source, figure.moment) == (lead.source, lead.moment)
        and figure.of is COUNTED
        and figure.over is None
        and not figure.of_sessions
    )


def _by_time(
    hourly: str, daily: Iterable[str], rows: Mapping[datetime, Row], zone: ZoneInfo
) -> tuple[dict[date, Row], dict[tuple[int, int], int]]:
    """Return what is drawn by day, and by weekday and hour, of rows by quarter of an hour."""
    days: dict[date, Row] = defaultdict(lambda: dict.fromkeys(daily, 0))
    hours: dict[tuple[int, int], int] = defaultdict(int)
    for quarter, row in rows.items():
        at = quarter.astimezone(zone)
        hours[at.isoweekday(), at.hour] += row.get(hourly) or 0
        for key in daily:
            days[at.date()][key] += row.get(key) or 0
    return days, hours


def _nothing(figure: Figure) -> Any:
    if figure.unit == Unit.BY_REASON:
        return {}
    if figure.unit == Unit.COUNT:
        return 0
    return 0.0 if figure.source == Source.TIME and figure.unit == Unit.SECONDS else None


def _whole(figures: list[Figure], row: Row) -> Row:
    return {figure.key: row.get(figure.key, _nothing(figure)) for figure in figures}


def every_day(filters: Filters) -> list[date]:
    """Return the days of the range."""
    count = (filters.last - filters.first).days + 1
    return [filters.first + timedelta(days=number) for number in range(count)]


def _lines(figures: list[Figure], rows: Mapping[Any, Row], by: str, filters: Filters) -> list[Line]:
    if by == "day":
        return [
            Line(
                key=day.isoformat(),
                name=written_day(day),
                values=_whole(figures, rows.get(day, {})),
            )
            for day in every_day(filters)
        ]
    is_of_tickets = figures[0].source == Source.TICKET
    names = _names(by, rows, is_of_tickets=is_of_tickets)
    lines = [
        Line(key=names[key][0], name=names[key][1], values=_whole(figures, row))
        for key, row in rows.items()
        # Facts of nobody, of which nothing counts, are no row.
        if any(row.get(figure.key) for figure in figures if figure.is_column)
    ]
    lead = figures[0].key
    return sorted(lines, key=lambda line: (-(line.values.get(lead) or 0), sort_key(line.name)))


def written_day(day: date) -> str:
    """Return a day as rows name it."""
    return date_format(day, "DATE_FORMAT")


def _names(by: str, keys: Any, *, is_of_tickets: bool) -> dict[Any, tuple[str, str]]:
    """Return the key in addresses and the name of each row."""
    found: dict[Any, tuple[str, str]] = {None: ("", _("None")), "": ("", _("None"))}
    match by:
        case "agent":
            people = Agent.objects.filter(pk__in=[key for key in keys if key])
            found |= {one.pk: (one.public_id, one.name) for one in people}
            # A ticket may be nobody's; a chat that was had by nobody known was a deleted agent's.
            found[None] = ("", _("None") if is_of_tickets else _("Deleted agent"))
        case "topic":
            language = get_language() or ""
            topics = Topic.objects.filter(pk__in=[key for key in keys if key])
            found |= {one.pk: (str(one.pk), one.label(language)) for one in topics}
        case "brand":
            brands = Brand.objects.filter(pk__in=list(keys))
            found |= {one.pk: (str(one.pk), one.name) for one in brands}
        case "tag":
            tags = Tag.objects.filter(pk__in=[key for key in keys if key])
            found |= {one.pk: (str(one.pk), one.name) for one in tags}
        case "type" | "status" | "priority" | "source":
            choices = {
                "type": Ticket.Type.choices,
                "status": Ticket.Status.choices,
                "priority": Ticket.Priority.choices,
                "source": Ticket.Source.choices,
            }[by]
            found |= {value: (value, str(label)) for value, label in choices}
        case "channel":
            found |= {value: (value, str(label)) for value, label in Channel.choices}
        case "started_by":
            found |= {side: (side, str(name)) for side, name in STARTED_BY.items()}
    return found


def row_value(by: str, key: str) -> Any:
    """Return what a row's key in an address stands for in facts, `NONE` where there is none.

    Raises `ValueError`.
    """
    if not key and by in {"agent", "topic", "tag"}:
        return NONE
    match by:
        case "day":
            return day_of(key)
        case "agent":
            return Agent.objects.filter(public_id=key).values_list("pk", flat=True).first() or 0
        case "topic" | "brand" | "tag":
            if number := key_of(key):
                return number
            raise ValueError(key)
    return key
