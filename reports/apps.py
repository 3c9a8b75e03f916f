"""Figures: facts made of the ledger, their definitions, pages, files."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        """Register what follows from events, and the entry of the console's menu."""
        import_module("reports.reactions")
        import_module("reports.tasks")
        import_module("reports.menu")
        import_module("reports.first_steps")
