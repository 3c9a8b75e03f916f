"""Merges that can still be undone."""

from collections.abc import Sequence
from datetime import datetime

from tickets.models import Contact, Merge
from tickets.models.merge import UNDO


def undoable_merges(contact: Contact, now: datetime) -> Sequence[Merge]:
    """Return the merges into a customer that can still be undone, newest first."""
    recent = Merge.objects.filter(survivor=contact, undone_at=None, created_at__gt=now - UNDO)
    return list(recent.select_related("other", "agent").order_by("-pk"))
