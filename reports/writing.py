"""How values are written for people."""

from django.utils.formats import number_format
from django.utils.translation import get_language

from reports.definitions import Unit

NOTHING = "–"


def written(value: float | None, unit: Unit) -> str:
    """Return a value as people read it; what there is none of is a dash, not 0."""
    if value is None:
        return NOTHING
    match unit:
        case Unit.SECONDS:
            return written_seconds(value)
        case Unit.SHARE:
            number = number_format(round(value * 100, 1), decimal_pos=1)
            return f"%{number}" if get_language() == "tr" else f"{number}%"
    return number_format(int(value), use_l10n=True, force_grouping=True)


def written_seconds(value: float) -> str:
    """Return seconds as minutes:seconds, with hours where there are any."""
    minutes, seconds = divmod(round(abs(value)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def written_change(now: float | None, before: float | None, unit: Unit) -> str:
    """Return how a value differs from the one before; "" where one of them is missing."""
    if now is None or before is None:
        return ""
    change = now - before
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    if unit == Unit.COUNT:
        if not before:
            return ""
        return sign + written(abs(change) / before, Unit.SHARE)
    return sign + written(abs(change), unit)
