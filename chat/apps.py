"""Conversations, visitors, the widget, queue and routing, sockets."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Live support")

    def ready(self) -> None:
        """Register reactions, effects, and what chats put into the console and tickets' pages."""
        import_module("chat.reactions")
        import_module("chat.tasks")
        import_module("chat.console.menu")
        import_module("chat.page.rating")
