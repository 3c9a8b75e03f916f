"""Charts over days, and over weekdays and hours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from agents.console.heat import darkness

WIDTH, HEIGHT = 640, 200
# Percent of the width for the names of weekdays.
HEAT_NAMES = 9


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of a chart; it is broken where there is nothing to show."""

    name: str
    pieces: list[str]
    areas: list[str]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One day of a chart: where it is, and what all lines say of it."""

    x: str
    width: str
    name: str
    cells: list[str]


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """Lines over days."""

    title: str
    series: list[Series]
    moments: list[Moment]
    # What the highest line of the grid stands for.
    top: str


@dataclass(frozen=True, kw_only=True)
class HeatCell:
    """One hour of one weekday; `step` 0 to 5 is its colour, `x` is in percent of the width."""

    text: str
    count: int
    step: int
    x: str


@dataclass(frozen=True, kw_only=True)
class HeatRow:
    """One weekday."""

    name: str
    y: int
    cells: list[HeatCell]


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """Weekdays by hours."""

    rows: list[HeatRow]
    hours: list[tuple[str, str]]
    # Of a cell, in percent.
    width: str
    is_long: bool


def line_chart(
    names: Sequence[str],
    days: Sequence[str],
    values: Sequence[Sequence[float | None]],
    say: Callable[[float | None], str],
) -> LineChart | None:
    """Return lines of `values`, one sequence a name; None where there is nothing to see.

    A value of None is no point: a day without chats is no day of short waits. `say`: how a value
    is written.
    """
    top = max((value for line in values for value in line if value), default=0)
    if not top or len(days) < 2:
        return None
    step = WIDTH / (len(days) - 1)
    series = []
    for name, line in zip(names, values, strict=True):
        runs: list[list[tuple[float, float]]] = [[]]
        for number, value in enumerate(line):
            if value is None:
                runs.append([])
            else:
                runs[-1].append((number * step, HEIGHT - value / top * (HEIGHT - 10)))
        runs = [run for run in runs if run]
        # One day alone is drawn, too, as a point.
        pieces = [run if len(run) > 1 else run * 2 for run in runs]
        areas = [[(run[0][0], HEIGHT), *run, (run[-1][0], HEIGHT)] for run in runs]
        series.append(
            Series(name=name, pieces=list(map(_points, pieces)), areas=list(map(_points, areas)))
        )
    moments = [
        Moment(
            x=f"{max(0.0, (number - 0.5) * step):.1f}",
            width=f"{step if 0 < number < len(days) - 1 else step / 2:.1f}",
            name=day,
            cells=[say(line[number]) for line in values],
        )
        for number, day in enumerate(days)
    ]
    return LineChart(title=" · ".join(names), series=series, moments=moments, top=say(top))


def _points(at: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in at)


def heat_map(counts: Mapping[tuple[int, int], int]) -> HeatMap | None:
    """Return a week of hours: those of the day, and all others in which anything was."""
    if not counts:
        return None
    first = min(8, *(hour for _day, hour in counts))
    last = max(19, *(hour for _day, hour in counts))
    top = max(counts.values())
    names = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
    # In percent, so that it fills what room there is; names stand in the rest.
    step = (100 - HEAT_NAMES) / (last - first + 1)
    at = {hour: f"{HEAT_NAMES + (hour - first) * step:.2f}" for hour in range(first, last + 1)}
    rows = []
    for day, name in enumerate(names, start=1):
        cells = []
        for hour, x in at.items():
            count = counts.get((day, hour), 0)
            text = f"{name} {hour:02}:00 · {count}"
            cells.append(HeatCell(text=text, count=count, step=darkness(count, top=top), x=x))
        rows.append(HeatRow(name=name, y=20 + (day - 1) * 22, cells=cells))
    return HeatMap(
        rows=rows,
        hours=[(f"{hour:02}", x) for hour, x in at.items()],
        width=f"{step - 0.6:.2f}",
        is_long=len(at) > 14,
    )


@dataclass(frozen=True, kw_only=True)
class Column:
    """One day: its parts from below, each with where it begins and how high it is."""

    x: str
    name: str
    text: str
    parts: list[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class ColumnChart:
    """Columns over days that are made of parts."""

    title: str
    keys: list[tuple[str, str]]
    columns: list[Column]
    width: str
    top: str


def column_chart(
    keys: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, Sequence[float]]],
    say: Callable[[float | None], str],
) -> ColumnChart | None:
    """Return a column for each day of (name, parts). `keys`: how each part is marked, and called.

    None where there is nothing to see.
    """
    top = max((sum(parts) for _name, parts in rows), default=0)
    if not top:
        return None
    step = WIDTH / len(rows)
    columns = []
    for number, (name, values) in enumerate(rows):
        y, parts = float(HEIGHT), []
        for (mark, _label), value in zip(keys, values, strict=True):
            height = value / top * (HEIGHT - 10)
            y -= height
            if height:
                parts.append((mark, f"{y:.1f}", f"{height:.1f}"))
        said = " · ".join(
            f"{label} {say(value)}" for (_mark, label), value in zip(keys, values, strict=True)
        )
        text = f"{name}: {said}"
        columns.append(Column(x=f"{(number + 0.14) * step:.1f}", name=name, text=text, parts=parts))
    return ColumnChart(
        title=" · ".join(label for _mark, label in keys),
        keys=list(keys),
        columns=columns,
        width=f"{step * 0.72:.1f}",
        top=say(top),
    )
