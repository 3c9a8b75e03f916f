"""How lists and cards of the console write a moment: as short as it stays unmistakable."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format


def short_time(at: datetime) -> str:
    """Return the time of a moment of today, else its day, with the year unless it is this one."""
    here, now = timezone.localtime(at), timezone.localtime()
    if here.date() == now.date():
        return date_format(here, "TIME_FORMAT")
    return date_format(here, "MONTH_DAY_FORMAT" if here.year == now.year else "DATE_FORMAT")
