"""Canned replies, and the files that go along with them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models.brand import Brand, Language
from agents.models.file import StoredFile
from agents.models.team import Team


class CannedReply(models.Model):
    """A ready text: personal (agent set), of a team, of a brand, or everybody's."""

    shortcut = models.SlugField(
        _("shortcut"), max_length=40, allow_unicode=True, help_text=_("Typed after a slash.")
    )
    title = models.CharField(_("title"), max_length=80)
    body = models.TextField(_("text"), max_length=4000)
    language = models.CharField(_("language"), max_length=2, choices=Language)
    brand = models.ForeignKey(
        Brand, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("brand")
    )
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="canned_replies",
        verbose_name=_("agent"),
        help_text=_("Set: only this agent sees it."),
    )
    used_count = models.PositiveIntegerField(_("times used"), default=0, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")

    def __str__(self) -> str:
        return f"/{self.shortcut}"


class CannedFile(StoredFile):
    """A file of a canned reply. Whoever uses the reply attaches a file with the same bytes."""

    # Nobody's: the reply is gone or has let go of it, and the purge comes.
    reply = models.ForeignKey(CannedReply, models.SET_NULL, null=True, related_name="files")

    class Meta:
        verbose_name = _("file of a canned reply")
        verbose_name_plural = _("files of canned replies")
        indexes = [
            # Deleting: whether another row shows the same bytes.
            models.Index(fields=["file"], name="canned_file_by_bytes"),
        ]
