"""The database's own identity."""

from uuid import UUID, uuid4

from django.db import transaction

from chat.models import Installation


@transaction.atomic
def rotate_epoch() -> UUID:
    """Give the database a new identity, so that screens drop what they hold and load afresh."""
    installation, _ = Installation.objects.update_or_create(pk=1, defaults={"epoch": uuid4()})
    return installation.epoch
