"""Teams."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Team(models.Model):
    """Agents who work together; topics point to teams."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    sort_name = models.CharField(max_length=400, editable=False, default="")
    agents = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="teams", verbose_name=_("agents")
    )
    capacity = models.PositiveSmallIntegerField(
        _("chats at once per agent"),
        null=True,
        blank=True,
        help_text=_("Empty: the brand's limit."),
    )
    auto_accept = models.BooleanField(
        _("accept automatically"),
        default=True,
        help_text=_("Otherwise the chat rings and must be accepted."),
    )
    ring_seconds = models.PositiveSmallIntegerField(_("ring time (seconds)"), default=30)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name
