"""Contacts and tickets."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        """Register effects, the first step, troubles, and what tickets put into the console."""
        import_module("tickets.tasks")
        import_module("tickets.first_steps")
        import_module("tickets.troubles")
        import_module("tickets.console.menu")
