"""Rules, and what they answer by themselves."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AutomationConfig(AppConfig):
    name = "automation"
    verbose_name = _("Automation")

    def ready(self) -> None:
        """Register reactions, effects and the first step."""
        import_module("automation.reactions")
        import_module("automation.demo")
        import_module("automation.notifications.admin")
        import_module("automation.notifications.hearing")
        import_module("automation.rehearsal")
        import_module("automation.tasks")
        import_module("automation.first_steps")
