"""What reports put into the console's main menu."""

from django.utils.translation import gettext_lazy as _

from agents.console.rail import RailEntry, register_entry
from agents.models import Permission

register_entry(
    RailEntry(
        key="reports",
        label=_("Reports"),
        icon="chart-column",
        url_name="reports",
        order=40,
        may=lambda access: access.may(Permission.REPORTS),
        keeps_brand=True,
    )
)
