"""What agents are told of on their devices, and when they want to be left alone."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Notice(models.TextChoices):
    """A class of notifications; an agent switches each off or on."""

    NEW_CHAT = "new_chat", _("A new chat")
    MESSAGE = "message", _("A message in my chat")
    TICKET = "ticket", _("Tickets")
    MENTION = "mention", _("Mentions of me")
    TEAM = "team", _("My team: what it is given and told")


# A customer is there: these ring and vibrate. All others come silently, always, everywhere.
SOUNDING = frozenset({Notice.NEW_CHAT, Notice.MESSAGE})
