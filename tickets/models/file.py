"""The bytes of files, whichever timeline shows them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models.file import StoredFile


class File(StoredFile):
    """A cleaned file. Rooms bind it to an entry of theirs; its public id is its address."""

    # Nobody: a customer's.
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [
            # Deleting: whether another row shows the same bytes.
            models.Index(fields=["file"], name="file_by_bytes"),
        ]
