"""By which way customers write."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """Where a chat is held. Nothing is on the web by default: whoever makes or counts chats says.

    A messaging service joins here. Its adapter stands beside `chat/widget`, begins chats by
    `chat/operations/starting.py` and posts words by `chat/posting`; roles grant it like the web.
    """

    WEB = "web", _("Website")
