"""By which way customers write."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """Where a chat is held. Nothing is on the web by default: whoever makes or counts chats says.

    Messaging services join here, each with its adapter.
    """

    WEB = "web", _("Website")
