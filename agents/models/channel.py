"""By which way customers write."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """Where a chat is held: whoever makes or counts chats says which.

    A messaging service joins here. Its adapter stands beside `chat/widget`, makes its customers
    visitors by `chat/operations/visitors.py`, begins chats by `chat/operations/starting.py` and
    posts words by `chat/posting`; what agents say leaves by a reaction in `chat/reactions.py`.
    Roles grant it like the web. Who is Online and what a customer can expect is told of the website
    alone so far, where `Channel.WEB` stands.
    """

    WEB = "web", _("Website")
