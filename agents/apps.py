"""The organisation: people, teams, roles, statuses, brands, topics."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    name = "agents"
    verbose_name = _("Organisation")

    def ready(self) -> None:
        """Tell the outbox which effects this room does, and the console which pages."""
        import_module("agents.tasks")
        import_module("agents.console.menu")
