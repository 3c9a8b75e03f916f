"""How values are written for people."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language

from reports.definitions import Unit

NOTHING = "–"


def written(value: Any, unit: Unit, *, zone: ZoneInfo, with_day: bool = True) -> str:
    """Return a value as people read it; what there is none of (None) is a dash, not 0.

    A value of `Unit.SHARE` is 0 to 1, one of `Unit.MOMENT` a datetime, told in `zone`: without
    `with_day` only its time.
    """
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return date_format(value.astimezone(zone), "DATETIME_FORMAT" if with_day else "TIME_FORMAT")
    return _number(value, unit)


def _number(value: float, unit: Unit) -> str:
    match unit:
        case Unit.SECONDS:
            return written_seconds(value)
        case Unit.SHARE:
            return written_share(value)
        case Unit.NUMBER:
            return number_format(round(value, 1), decimal_pos=1)
    return number_format(int(value), use_l10n=True, force_grouping=True)


def written_share(value: float | None, *, decimals: int = 1) -> str:
    """Return a share (0 to 1) as percent, with the sign where the language has it."""
    if value is None:
        return NOTHING
    number = number_format(round(value * 100, decimals), decimal_pos=decimals)
    return f"%{number}" if get_language() == "tr" else f"{number}%"


def written_seconds(value: float) -> str:
    """Return so many seconds, of either sign, as 02:05, or from an hour on as 1:02:05."""
    minutes, seconds = divmod(round(abs(value)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def written_change(now: float | None, before: float | None, unit: Unit) -> str:
    """Return how a value differs from the one before, with its sign: counts in percent of the one
    before, all else in its own unit.

    "" where one of them is missing, for moments, and for a count that was 0 before.
    """
    if now is None or before is None or unit == Unit.MOMENT:
        return ""
    change = now - before
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    if unit == Unit.COUNT:
        if not before:
            return ""
        return sign + _number(abs(change) / before, Unit.SHARE)
    return sign + _number(abs(change), unit)
