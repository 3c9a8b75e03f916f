"""The organisation's entries of the main menu."""

from django.utils.translation import gettext_lazy as _

from agents.console.frame import register_part
from agents.console.notices import PART, build_part
from agents.console.rail import RailEntry, register_entry

register_entry(
    RailEntry(
        key="agents:profile",
        label=_("Profile"),
        icon="circle-user-round",
        url_name="agents:profile",
        order=80,
    )
)
register_entry(
    RailEntry(
        key="admin",
        label=_("Administration"),
        icon="settings",
        url_name="admin:index",
        order=90,
        may=lambda access: access.everything,
    )
)
register_part(PART, build_part)
