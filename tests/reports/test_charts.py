"""Charts as numbers: what is drawn of what the table says."""

import pytest

from reports.charts import column_chart, heat_map, line_chart

pytestmark = pytest.mark.once


def test_a_line_is_broken_where_there_is_nothing_and_a_day_alone_is_a_point() -> None:
    chart = line_chart(["Wait"], list("abcde"), [[10, 20, None, 5, None]], str)
    assert chart is not None
    assert chart.series[0].pieces == ["0.0,105.0 160.0,10.0", "480.0,152.5 480.0,152.5"]
    assert chart.top == "20"
    assert [one.cells for one in chart.moments] == [["10"], ["20"], ["None"], ["5"], ["None"]]
    assert line_chart(["Wait"], list("ab"), [[None, 0]], str) is None


def test_a_column_stands_on_its_parts_and_nothing_is_drawn_of_none() -> None:
    chart = column_chart(
        [("part-1", "Left"), ("part-2", "Late")], [("a", [1, 3]), ("b", [0, 2])], str
    )
    assert chart is not None
    assert [one.parts for one in chart.columns] == [
        [("part-1", "152.5", "47.5"), ("part-2", "10.0", "142.5")],
        [("part-2", "105.0", "95.0")],
    ]
    assert (chart.columns[1].text, chart.top) == ("b: Left 0 · Late 2", "4")
    assert column_chart([("part-1", "Left")], [("a", [0])], str) is None


def test_a_week_shows_the_hours_of_the_day_and_all_others_in_which_anything_was() -> None:
    found = heat_map({(1, 9): 10, (7, 23): 1})
    assert found is not None
    assert [hour for hour, _x in found.hours] == [f"{hour:02}" for hour in range(8, 24)]
    assert [row.cells[1].step for row in found.rows] == [5, 0, 0, 0, 0, 0, 0]
    assert (found.rows[6].cells[-1].step, found.is_long) == (1, True)
