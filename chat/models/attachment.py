"""Files said in a conversation."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chat.models.entry import Entry
from chat.models.visitor import Visitor
from tickets.models import File


class AttachmentManager(models.Manager["Attachment"]):
    """Brings the file along: without it nothing can be said of an attachment."""

    def get_queryset(self) -> "models.QuerySet[Attachment]":
        """Return attachments with their files, in one query."""
        return super().get_queryset().select_related("file")


class Attachment(models.Model):
    """A file, bound to its uploader at once and to an entry when the message is sent."""

    file = models.OneToOneField(File, models.CASCADE, related_name="+")
    # Nobody: the file's uploader is an agent.
    visitor = models.ForeignKey(Visitor, models.CASCADE, null=True, related_name="attachments")
    entry = models.ForeignKey(Entry, models.CASCADE, null=True, related_name="attachments")

    objects = AttachmentManager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            # Purge: uploads that no message took.
            models.Index(fields=["id"], condition=Q(entry=None), name="attachment_unused"),
        ]

    def __str__(self) -> str:
        return self.file.name

    @property
    def public_id(self) -> str:
        """Return the opaque id, which is the file's."""
        return self.file.public_id
