"""Hours as the wire and the rows spell them, "09:00" to "18:00", and what may be wrong there."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from agents.hours.calendar import DAYS, MIDNIGHT, Interval, Week

INTERVALS_MAX = 12
DATES_MAX = 1000
NAME_MAX = 80
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")

# What rows hold of a day: [["09:00", "18:00"], …]
type Spelled = list[list[str]]
# Messages by place: "week.mon.0", "dates.3.date".
type Errors = dict[str, list[str]]


class GivenDate(NamedTuple):
    """A date that differs, as somebody wishes it."""

    day: date
    name: str
    open: Spelled
    holiday: bool


def not_hours() -> str:
    """Return what is said of what are no hours."""
    return _("Give the hours as a list of [from, to].")


def no_date() -> str:
    """Return what is said of what is no date."""
    return _("Write dates like 2026-12-31.")


def minutes_of(text: object) -> int | None:
    """Return "09:30" as minutes of the day; None for anything that is no time."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else None
    return None if minutes is not None and minutes > MIDNIGHT else minutes


def interval_of(start: object, end: object) -> Interval | None:
    """Return what lies between two times; an end before the start is on the next day."""
    begins, ends = minutes_of(start), minutes_of(end)
    if begins is None or ends is None or begins in (MIDNIGHT, ends):
        return None
    return Interval(begins, ends if ends > begins else ends + MIDNIGHT)


def intervals_of(spelled: Sequence[Sequence[str]]) -> tuple[Interval, ...]:
    """Return the intervals of a row; a row holds only what was found right."""
    found = (interval_of(start, end) for start, end in spelled)
    return tuple(interval for interval in found if interval is not None)


def week_of(spelled: Mapping[str, Spelled] | None) -> Week | None:
    """Return the week of a row; None: always open."""
    if spelled is None:
        return None
    return tuple(intervals_of(spelled.get(name, ())) for name in DAYS)


def spelled_of(intervals: Sequence[Interval]) -> Spelled:
    """Return intervals as rows and wire spell them."""
    return [[_spell(start, is_end=False), _spell(end, is_end=True)] for start, end in intervals]


def _spell(minutes: int, *, is_end: bool) -> str:
    if minutes > MIDNIGHT or (minutes == MIDNIGHT and not is_end):
        minutes -= MIDNIGHT
    return f"{minutes // 60:02}:{minutes % 60:02}"


def read_week(given: object, errors: Errors) -> dict[str, Spelled] | None:
    """Return a week as somebody wishes it; what is wrong is told in `errors` by its place."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        errors["week"] = [_("Name the days with their hours, or null: always open.")]
        return None
    for name in given:
        if name not in DAYS:
            errors[f"week.{str(name)[:20]}"] = [_("This field is not known.")]
    week = {name: read_day(given.get(name, []), f"week.{name}", errors) for name in DAYS}
    if not errors and not any(week.values()):
        errors["week"] = [_("Open at least once a week, or always.")]
    return week


def read_day(given: object, place: str, errors: Errors) -> Spelled:
    """Return the hours of one day in their order."""
    if not isinstance(given, list) or len(given) > INTERVALS_MAX:
        errors[place] = [not_hours()]
        return []
    found: list[tuple[Interval, str]] = []
    for index, pair in enumerate(given):
        here = f"{place}.{index}"
        if not isinstance(pair, list) or len(pair) != 2:
            errors[here] = [not_hours()]
        elif None in (minutes_of(pair[0]), minutes_of(pair[1])) or pair[0] == "24:00":
            errors[here] = [_("Write times like 09:00.")]
        elif (interval := interval_of(*pair)) is None:
            errors[here] = [_("Ends when it begins. All day is 00:00 to 24:00.")]
        elif any(_overlap(interval, other) for other, _place in found):
            errors[here] = [_("Overlaps another interval of this day.")]
        else:
            found.append((interval, here))
    return spelled_of(sorted(interval for interval, _place in found))


def _overlap(one: Interval, other: Interval) -> bool:
    return one.start < other.end and other.start < one.end


def read_dates(given: object, errors: Errors) -> list[GivenDate]:
    """Return the dates that differ as somebody wishes them; each only once."""
    if not isinstance(given, list) or len(given) > DATES_MAX:
        errors["dates"] = [_("Give a list of dates.")]
        return []
    found: dict[date, GivenDate] = {}
    for index, each in enumerate(given):
        place = f"dates.{index}"
        if not isinstance(each, Mapping):
            errors[place] = [_("Give a list of dates.")]
            continue
        for name in each.keys() - {"date", "name", "open", "holiday"}:
            errors[f"{place}.{str(name)[:20]}"] = [_("This field is not known.")]
        day, name = _date(each.get("date")), each.get("name", "")
        hours = read_day(each.get("open", []), f"{place}.open", errors)
        if day is None:
            errors[f"{place}.date"] = [no_date()]
        elif day in found:
            errors[f"{place}.date"] = [_("This date stands here twice.")]
        if not isinstance(name, str) or len(name) > NAME_MAX:
            errors[f"{place}.name"] = [_("At most %(n)d characters.") % {"n": NAME_MAX}]
        elif not isinstance(each.get("holiday", False), bool):
            errors[f"{place}.holiday"] = [_("True or false.")]
        elif day is not None and day not in found:
            is_holiday = each.get("holiday", False)
            found[day] = GivenDate(day, " ".join(name.split()), hours, is_holiday)
    return [found[day] for day in sorted(found)]


def _date(given: object) -> date | None:
    try:
        return date.fromisoformat(given) if isinstance(given, str) and len(given) == 10 else None
    except ValueError:
        return None
