"""The database's own identity."""

import uuid

from django.db import models


class Installation(models.Model):
    """One row. `epoch` changes when a backup is restored, so that screens drop what they hold."""

    epoch = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.epoch)
