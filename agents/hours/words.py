"""The sentence that says when somebody is here again, ready for a visitor to read.

Made here and not in the widget: it knows the brand's day, and its Turkish needs the number's sound.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _

from agents.models import Language

# How the names of the numbers end: "dokuzda", "birde", "üçte", "kırkta".
_ONES = ("da", "de", "de", "te", "te", "te", "da", "de", "de", "da")
_TENS = ("da", "da", "de", "da", "ta", "de")


def says_open(opens_at: datetime, *, now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return "We are here tomorrow at 09:00" in each language."""
    return {code: _say(code, opens_at.astimezone(zone), now.astimezone(zone)) for code in Language}


def _say(language: str, opens: datetime, now: datetime) -> str:
    days = (opens.date() - now.date()).days
    with translation.override(language):
        if days == 0:
            text = _("We are here today at {time}")
        elif days == 1:
            text = _("We are here tomorrow at {time}")
        elif days < 7:
            text = _("We are here on {weekday} at {time}")
        else:
            text = _("We are here on {day} {month} at {time}")
        return text.format(
            time=at_in_turkish(opens) if language == Language.TURKISH else f"{opens:%H:%M}",
            weekday=str(WEEKDAYS[opens.weekday()]),
            day=opens.day,
            month=str(MONTHS[opens.month]),
        )


def says_always() -> dict[str, str]:
    """Return what holds on a day without a closed moment, in each language."""
    found = {}
    for code in Language:
        with translation.override(code):
            found[str(code)] = _("We are here all day")
    return found


def at_in_turkish(moment: datetime) -> str:
    """Return "09.00'da": the ending follows the number that is spoken last."""
    spoken = moment.minute or moment.hour
    ending = _ONES[spoken % 10] if spoken % 10 or not spoken else _TENS[spoken // 10]
    return f"{moment:%H.%M}'{ending}"
