"""Public holidays of Turkey, with the half days on which work ends at 13.00."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from holidays import HALF_DAY, PUBLIC, country_holidays

HALF_DAY_ENDS = 13 * 60


class Holiday(NamedTuple):
    """A public holiday; on a half one the desk opens as ever and closes early."""

    day: date
    name: str
    is_half: bool


def public_holidays(first: date, last: date, *, language: str) -> Iterator[Holiday]:
    """Yield the holidays between two dates, both included, named in a language."""
    spelled = "tr" if language == "tr" else "en_US"
    years = range(first.year, last.year + 1)
    whole = country_holidays("TR", years=years, language=spelled, categories=(PUBLIC,))
    half = country_holidays("TR", years=years, language=spelled, categories=(HALF_DAY,))
    for day in sorted(whole.keys() | half.keys()):
        if first <= day <= last:
            # A day that is both is closed.
            name = whole.get(day) or half[day]
            yield Holiday(day, name[:80], day not in whole)
