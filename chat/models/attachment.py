"""Files said in a conversation."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models.agent import new_public_id
from chat.models.entry import Entry
from chat.models.visitor import Visitor


class Attachment(models.Model):
    """A file, bound to its uploader at once and to an entry when the message is sent."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id, editable=False)
    # Exactly one uploader.
    visitor = models.ForeignKey(Visitor, models.CASCADE, null=True, related_name="attachments")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    entry = models.ForeignKey(Entry, models.CASCADE, null=True, related_name="attachments")
    # A random name on disk; the person's file name is only shown.
    file = models.FileField(upload_to="attachments/%Y/%m/")
    name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            # Purge: uploads that no message took.
            models.Index(fields=["created_at"], condition=Q(entry=None), name="attachment_unused"),
        ]

    def __str__(self) -> str:
        return self.name
