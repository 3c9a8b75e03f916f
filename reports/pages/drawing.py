"""Which charts stand above the table of a report."""

from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from agents.access import Access
from agents.models import Status
from reports import charts
from reports.definitions import Figure, Unit
from reports.figures.adding import wanted
from reports.figures.building import Built, every_day, written_day
from reports.figures.timelines import lanes_of
from reports.writing import written

BARS = 12


def draw(built: Built, access: Access) -> dict[str, Any]:
    """Return the charts of a report, by the name under which the template looks for them."""
    found: dict[str, Any] = {"heat": charts.heat_map(built.hours)}
    if built.report.hourly:
        found["heat_title"] = _("%(figure)s by weekday and hour") % {
            "figure": wanted(built.report.hourly).name
        }
    lead = built.figures[0]
    if built.report.daily:
        found["lines_chart"] = _daily(built)
    elif built.by == "day" and lead.unit in {Unit.COUNT, Unit.SECONDS}:
        found["lines_chart"] = charts.line_chart(
            [str(lead.name)],
            [line.name for line in built.lines],
            [[line.values[lead.key] for line in built.lines]],
            partial(_say, lead, built),
        )
    stacked = [figure for figure in built.figures if figure.key in built.report.stacked]
    if len(stacked) > 1 and built.by != "day":
        found["stacked"] = _stacked(stacked, built)
    elif len(stacked) > 1 and not built.report.daily:
        found["columns_chart"] = charts.column_chart(
            _keys(stacked),
            [(line.name, [line.values[one.key] or 0 for one in stacked]) for line in built.lines],
            partial(_say, stacked[0], built),
        )
    elif built.by != "day":
        rows = [
            (line.name, line.values[lead.key] or 0, _say(lead, built, line.values[lead.key]))
            for line in built.lines[:BARS]
        ]
        found |= {"bars": charts.bars(rows), "bars_title": lead.name}
    if built.report.name == "agent-status":
        title, lanes = lanes_of(built.filters, access, now=built.as_of)
        found["timeline"] = charts.timeline(title, [(lane.name, lane.stretches) for lane in lanes])
    return found


def _daily(built: Built) -> charts.LineChart | None:
    """Return lines by day, and that of the days compared with, day beside day."""
    figures = [wanted(key) for key in built.report.daily]
    days = every_day(built.filters)
    names = [str(figure.name) for figure in figures]
    lines: list[list[float | None]] = [
        [built.days.get(day, {}).get(figure.key) or 0 for day in days] for figure in figures
    ]
    if built.filters.compare:
        lead = figures[0]
        names.append(_("%(figure)s, compared") % {"figure": lead.name})
        earlier = every_day(built.filters.before)
        lines.append([built.days_before.get(day, {}).get(lead.key) or 0 for day in earlier])
    say = partial(_say, figures[0], built)
    return charts.line_chart(names, [written_day(day) for day in days], lines, say)


def _keys(figures: list[Figure]) -> list[tuple[str, str]]:
    # A status has one colour everywhere.
    return [
        (figure.key if figure.key in Status.values else f"part-{number}", str(figure.name))
        for number, figure in enumerate(figures, start=1)
    ]


def _stacked(figures: list[Figure], built: Built) -> charts.StackedChart | None:
    keys = _keys(figures)
    return charts.stacked_chart(
        " · ".join(name for _mark, name in keys),
        keys,
        [
            (
                line.name,
                [
                    (line.values[figure.key] or 0, _say(figure, built, line.values[figure.key]))
                    for figure in figures
                ],
            )
            for line in built.lines[:BARS]
        ],
    )


def _say(figure: Figure, built: Built, value: float | None) -> str:
    return written(value, figure.unit, zone=built.filters.zone)
