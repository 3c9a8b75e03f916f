"""Charts as numbers that a template draws: nothing is drawn that the table beside doesn't say."""

from reports.charts.overtime import (
    ColumnChart,
    LineChart,
    column_chart,
    heat_map,
    line_chart,
)
from reports.charts.rows import StackedChart, bars, stacked_chart, timeline

__all__ = [
    "ColumnChart",
    "LineChart",
    "StackedChart",
    "bars",
    "column_chart",
    "heat_map",
    "line_chart",
    "stacked_chart",
    "timeline",
]
