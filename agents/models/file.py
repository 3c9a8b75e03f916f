"""What every kept file has, whoever holds it."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models.agent import new_public_id
from config.files.cleaning import CleanFile


class StoredFile(models.Model):
    """A cleaned file; its public id is its address."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id, editable=False)
    # A random name on disk; the person's file name is only shown. Rows may share the same bytes.
    file = models.FileField(upload_to="attachments/%Y/%m/")
    name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

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


def columns_of(file: CleanFile) -> dict[str, Any]:
    """Return what a row says of a cleaned file."""
    return {
        "name": file.name,
        "content_type": file.content_type,
        "size": len(file.content),
        "width": file.width,
        "height": file.height,
    }
