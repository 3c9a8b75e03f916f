"""What reports put into the console's main menu."""

from django.utils.translation import gettext_lazy as _

from agents.console.rail import RailEntry, register_entry
from agents.models import Permission
from reports.wall.board import reaches_of

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
register_entry(
    RailEntry(
        key="wall",
        label=_("Wallboard"),
        icon="monitor",
        url_name="wall",
        order=41,
        may=lambda access: bool(reaches_of(access)),
        keeps_brand=True,
    )
)
