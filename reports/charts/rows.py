"""Charts of rows: bars, bars made of parts, and stretches of a day."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar, its length in percent of the longest."""

    name: str
    text: str
    percent: str


def bars(rows: Sequence[tuple[str, float, str]]) -> list[Bar]:
    """Return bars of (name, value, text)."""
    top = max((value for _name, value, _text in rows), default=0)
    if not top:
        return []
    return [
        Bar(name=name, text=text, percent=f"{value / top * 100:.1f}") for name, value, text in rows
    ]


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
