"""The bytes of files, whichever timeline shows them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models.agent import new_public_id


class File(models.Model):
    """A cleaned file. Rooms bind it to an entry of theirs; its public id is its address."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id, editable=False)
    # A random name on disk; the person's file name is only shown.
    file = models.FileField(upload_to="attachments/%Y/%m/")
    name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    # Nobody: a customer's.
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self) -> str:
        return self.name

    @property
    def wire(self) -> dict[str, Any]:
        """Return what is said of it; the bytes have their own address."""
        shape: dict[str, Any] = {
            "id": self.public_id,
            "name": self.name,
            "size": self.size,
            "type": self.content_type,
        }
        if self.width and self.height:
            shape |= {"width": self.width, "height": self.height}
        return shape
