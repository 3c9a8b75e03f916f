"""Conversations, visitors, the widget, queue and routing, sockets."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Live support")

    def ready(self) -> None:
        """Let workers react to what happens in chats, and know which effects this room does."""
        import_module("chat.reactions")
        import_module("chat.tasks")
