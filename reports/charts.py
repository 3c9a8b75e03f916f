"""Charts as numbers that a template draws: nothing is drawn that the table beside doesn't say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

WIDTH, HEIGHT = 640, 200


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of a chart."""

    name: str
    points: str
    area: str
    total: int


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """Lines over days."""

    title: str
    series: list[Series]
    top: int
    first: str
    last: str
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar, its length in percent of the longest."""

    name: str
    text: str
    percent: str


@dataclass(frozen=True, kw_only=True)
class HeatCell:
    """One hour of one weekday; `step` 0 to 5 is its colour."""

    text: str
    count: int
    step: int
    x: int
    y: int


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """Weekdays by hours."""

    days: list[tuple[str, int]]
    hours: list[tuple[str, int]]
    cells: list[HeatCell]
    width: int


def line_chart(
    title: str, names: Sequence[str], days: Sequence[str], values: Sequence[Sequence[float]]
) -> LineChart | None:
    """Return lines of `values`, one sequence a name; None where there is nothing to see."""
    top = max((value for line in values for value in line), default=0)
    if not top or len(days) < 2:
        return None
    step = WIDTH / (len(days) - 1)
    series = []
    for name, line in zip(names, values, strict=True):
        at = [
            f"{number * step:.1f},{HEIGHT - value / top * (HEIGHT - 10):.1f}"
            for number, value in enumerate(line)
        ]
        area = f"0,{HEIGHT} {' '.join(at)} {WIDTH},{HEIGHT}"
        series.append(Series(name=name, points=" ".join(at), area=area, total=int(sum(line))))
    return LineChart(title=title, series=series, top=int(top), first=days[0], last=days[-1])


def bars(rows: Sequence[tuple[str, float, str]]) -> list[Bar]:
    """Return bars of (name, value, text)."""
    top = max((value for _name, value, _text in rows), default=0)
    if not top:
        return []
    return [
        Bar(name=name, text=text, percent=f"{value / top * 100:.1f}") for name, value, text in rows
    ]


def heat_map(counts: Mapping[tuple[int, int], int]) -> HeatMap | None:
    """Return a week of hours: those of the day, and all others in which anything was."""
    if not counts:
        return None
    first = min(8, *(hour for _day, hour in counts))
    last = max(19, *(hour for _day, hour in counts))
    top = max(counts.values())
    names = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
    cells = []
    for day, name in enumerate(names, start=1):
        for hour in range(first, last + 1):
            count = counts.get((day, hour), 0)
            # The lightest colour is for what is not nothing.
            step = 0 if not count else 1 + min(4, int(count / top * 4.999))
            text = f"{name} {hour:02}:00 · {count}"
            x, y = 34 + (hour - first) * 24, 20 + (day - 1) * 22
            cells.append(HeatCell(text=text, count=count, step=step, x=x, y=y))
    return HeatMap(
        days=[(name, 20 + number * 22 + 14) for number, name in enumerate(names)],
        hours=[(f"{hour:02}", 34 + (hour - first) * 24) for hour in range(first, last + 1)],
        cells=cells,
        width=34 + (last - first + 1) * 24,
    )


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a stacked bar: where it begins and how long it is, in percent of the longest."""

    x: str
    width: str
    # Which of the parts it is, and so its colour.
    mark: str
    text: str


@dataclass(frozen=True, kw_only=True)
class StackedBar:
    """The parts of one row, one behind the other."""

    name: str
    text: str
    parts: list[Part]


@dataclass(frozen=True, kw_only=True)
class StackedChart:
    """Rows of bars that are made of parts."""

    title: str
    # How the parts are marked, and called.
    keys: list[tuple[str, str]]
    bars: list[StackedBar]


def stacked_chart(
    title: str,
    keys: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, Sequence[tuple[float, str]]]],
) -> StackedChart | None:
    """Return bars of (name, parts), each part a value and how it is written.

    `keys`: how each part is marked, and called.
    """
    top = max((sum(value for value, _text in parts) for _name, parts in rows), default=0)
    if not top:
        return None
    drawn = []
    for name, parts in rows:
        at, found = 0.0, []
        for (mark, label), (value, text) in zip(keys, parts, strict=True):
            width = value / top * 100
            if width:
                found.append(
                    Part(x=f"{at:.2f}", width=f"{width:.2f}", mark=mark, text=f"{label} {text}")
                )
            at += width
        said = " · ".join(text for _value, text in parts)
        drawn.append(StackedBar(name=name, text=said, parts=found))
    return StackedChart(title=title, keys=list(keys), bars=drawn)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A stretch on a lane of a timeline."""

    x: str
    width: str
    status: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TimelineLane:
    """One line of a timeline."""

    name: str
    blocks: list[Block]
    text: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Stretches of a day, one line each."""

    title: str
    lanes: list[TimelineLane]
    hours: Sequence[str] = ("00", "06", "12", "18", "24")


def timeline(
    title: str, lanes: Sequence[tuple[str, Sequence[tuple[float, float, str, str]]]]
) -> Timeline | None:
    """Return lanes of (name, stretches): begin and end as shares of a day, status and text."""
    if not lanes:
        return None
    drawn = [
        TimelineLane(
            name=name,
            text="; ".join(text for *_place, text in stretches),
            blocks=[
                Block(
                    x=f"{since * 100:.3f}",
                    # What was short is still seen.
                    width=f"{max(0.15, (until - since) * 100):.3f}",
                    status=status,
                    text=text,
                )
                for since, until, status, text in stretches
            ],
        )
        for name, stretches in lanes
    ]
    return Timeline(title=title, lanes=drawn)
