"""The calendar of a desk, by itself and against another implementation."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workclock import Schedule, WorkDay

from agents.hours.calendar import Calendar, Day, Interval
from agents.hours.reading import intervals_of, read_dates, read_week, week_of
from agents.hours.words import says_open

pytestmark = pytest.mark.once

ISTANBUL = ZoneInfo("Europe/Istanbul")
BERLIN = ZoneInfo("Europe/Berlin")


def calendar(zone: ZoneInfo = ISTANBUL, dates: dict | None = None, **week: list) -> Calendar:
    return Calendar(zone=zone, week=week_of(week), dates=dates or {})


def at(text: str, zone: ZoneInfo = ISTANBUL) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_several_intervals_a_day_and_the_moment_of_closing() -> None:
    # 30 November 2026 is a Monday.
    shop = calendar(mon=[["09:00", "12:00"], ["13:00", "18:00"]])
    hours = ["08:59", "09:00", "12:00", "12:59", "13:00", "17:59", "18:00"]
    seen = [shop.is_open(at(f"2026-11-30T{hour}")) for hour in hours]
    assert seen == [False, True, False, False, True, True, False]
    assert shop.opens_at(at("2026-11-30T12:10")) == at("2026-11-30T13:00")
    assert shop.opens_at(at("2026-11-30T18:00")) == at("2026-12-07T09:00")
    assert shop.opens_at(at("2026-11-30T10:00")) is None


def test_a_night_ends_on_the_next_day_and_midnight_joins_two_days() -> None:
    bar = calendar(fri=[["22:00", "02:00"]], sat=[["20:00", "24:00"]], sun=[["00:00", "03:00"]])
    assert bar.is_open(at("2026-12-05T01:59"))
    assert not bar.is_open(at("2026-12-05T02:00"))
    assert bar.edge_after(at("2026-12-05T21:00")) == at("2026-12-06T03:00")


def test_a_date_takes_the_place_of_its_day_but_not_of_the_night_before() -> None:
    closed = {date(2026, 12, 5): Day((), "Tatil")}
    bar = calendar(fri=[["22:00", "02:00"]], sat=[["22:00", "02:00"]], dates=closed)
    assert bar.is_open(at("2026-12-05T01:00"))
    assert not bar.is_open(at("2026-12-05T23:00"))
    assert bar.opens_at(at("2026-12-05T03:00")) == at("2026-12-11T22:00")


def test_without_a_week_it_is_always_open_but_for_its_dates() -> None:
    always = Calendar(zone=ISTANBUL)
    assert always.is_open(at("2026-12-05T03:00"))
    assert always.edge_after(at("2026-12-05T03:00")) is None
    but = Calendar(zone=ISTANBUL, dates={date(2026, 12, 5): Day(())})
    assert not but.is_open(at("2026-12-05T03:00"))
    assert but.opens_at(at("2026-12-05T03:00")) == at("2026-12-06T00:00")
    assert but.edge_after(at("2026-12-01T03:00")) == at("2026-12-05T00:00")
    assert but.edge_after(at("2026-12-07T03:00")) is None


def test_hours_last_as_long_as_the_clocks_say_when_they_are_turned() -> None:
    night = calendar(BERLIN, sat=[["22:00", "06:00"]])
    spring, autumn = at("2026-03-28T12:00", BERLIN), at("2026-10-24T12:00", BERLIN)
    day = timedelta(days=1)
    assert night.open_seconds(spring.astimezone(UTC), spring.astimezone(UTC) + day) == 7 * 3600
    assert night.open_seconds(autumn.astimezone(UTC), autumn.astimezone(UTC) + day) == 9 * 3600


# Outside the hours in which clocks are turned, where both may have their own opinion.
_QUARTERS = st.integers(12, 95)
_SHIFT = st.tuples(_QUARTERS, _QUARTERS, st.sets(st.integers(0, 6), min_size=1)).filter(
    lambda shift: shift[0] != shift[1]
)
_MOMENTS = st.integers(0, 728 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 2, tzinfo=UTC) + timedelta(minutes=minutes)
)


def _clock(quarters: int) -> time:
    return time(quarters // 4, quarters % 4 * 15)


@settings(max_examples=150)
@given(
    shifts=st.lists(_SHIFT, min_size=1, max_size=4),
    moment=_MOMENTS,
    hours=st.integers(0, 24 * 30),
    zone=st.sampled_from([ISTANBUL, BERLIN, ZoneInfo("America/New_York")]),
)
def test_it_agrees_with_workclock(shifts, moment, hours, zone) -> None:
    other = Schedule(
        [WorkDay(_clock(start), _clock(end), days=sorted(days)) for start, end, days in shifts],
        time_zone=zone,
    )
    week: list[list[Interval]] = [[] for _ in range(7)]
    for start, end, days in shifts:
        for day in days:
            ends = end if end > start else end + 96
            week[day].append(Interval(start * 15, ends * 15))
    ours = Calendar(zone=zone, week=tuple(tuple(day) for day in week))
    end = moment + timedelta(hours=hours)
    assert ours.open_seconds(moment, end) == other.between(moment, end).total_seconds()
    starts, stops = other.next_period(moment)
    assert ours.is_open(moment) == (starts == moment)
    assert ours.opens_at(moment) == (None if starts == moment else starts)
    if (stops - starts).days < 360:
        assert ours.edge_after(moment) == (stops if starts == moment else starts)


def test_what_is_wrong_is_told_by_its_place() -> None:
    errors: dict[str, list[str]] = {}
    week = {
        "mon": [["09:00", "18:00"], ["17:00", "20:00"]],
        "tue": [["9", "18:00"]],
        "wed": [["09:00", "09:00"]],
        "thu": [["24:00", "02:00"]],
        "fri": "all day",
        "someday": [],
    }
    read_week(week, errors)
    dates = [
        {"date": "2026-02-30"},
        {"date": "2026-02-20", "open": [["25:00", "26:00"]]},
        {"date": "2026-02-20", "colour": 1, "holiday": "yes"},
        7,
    ]
    read_dates(dates, errors)
    assert set(errors) == {
        "week.mon.1",
        "week.tue.0",
        "week.wed.0",
        "week.thu.0",
        "week.fri",
        "week.someday",
        "dates.0.date",
        "dates.1.open.0",
        "dates.2.date",
        "dates.2.colour",
        "dates.2.holiday",
        "dates.3",
    }


def test_a_week_that_never_opens_is_refused() -> None:
    errors: dict[str, list[str]] = {}
    read_week({"mon": []}, errors)
    assert set(errors) == {"week"}
    assert intervals_of([["00:00", "24:00"]]) == (Interval(0, 1440),)


@pytest.mark.parametrize(
    ("opens", "turkish", "english"),
    [
        ("2026-12-01T09:00", "Bugün 09.00'da buradayız", "We are here today at 09:00"),
        ("2026-12-02T13:00", "Yarın 13.00'te buradayız", "We are here tomorrow at 13:00"),
        ("2026-12-07T08:30", "Pazartesi 08.30'da buradayız", "We are here on Monday at 08:30"),
        ("2027-01-12T20:40", "12 Ocak 20.40'ta buradayız", "We are here on 12 January at 20:40"),
    ],
)
def test_the_sentence_speaks_of_days_as_people_do(opens: str, turkish: str, english: str) -> None:
    said = says_open(at(opens), now=at("2026-12-01T03:00"), zone=ISTANBUL)
    assert said == {"tr": turkish, "en": english}
