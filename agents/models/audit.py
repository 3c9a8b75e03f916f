"""Who did, saw or changed what, when and from where."""

from django.conf import settings
from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One audited act; never edited, never deleted by the product."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    action = models.CharField(_("action"), max_length=60)
    target = models.CharField(_("target"), max_length=120, blank=True)
    data = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(_("address"), null=True)
    at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [
            # Admin: newest first.
            models.Index(fields=["-at"], name="audit_newest"),
        ]

    def __str__(self) -> str:
        return date_format(localtime(self.at), "DATETIME_FORMAT")
