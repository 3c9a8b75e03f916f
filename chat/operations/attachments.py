"""Uploads: kept for their uploader, swept when no message takes them."""

import secrets
from datetime import datetime, timedelta
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from agents.models import Agent
from chat.models import Attachment, Visitor
from config.files import CleanFile

UNUSED_FOR = timedelta(hours=24)
_BATCH = 500


def keep_upload(*, file: CleanFile, by: Agent | Visitor, now: datetime) -> Attachment:
    """Store a cleaned file under a random name and return its row, bound to the uploader."""
    # Before any transaction: a slow disk must not hold the database's lock.
    path = default_storage.save(
        f"attachments/{now:%Y/%m}/{secrets.token_hex(16)}", ContentFile(file.content)
    )
    try:
        return Attachment.objects.create(
            visitor=by if isinstance(by, Visitor) else None,
            agent=by if isinstance(by, Agent) else None,
            file=path,
            name=file.name,
            content_type=file.content_type,
            size=len(file.content),
            width=file.width,
            height=file.height,
            created_at=now,
        )
    except Exception:
        default_storage.delete(path)
        raise


@transaction.atomic
def purge_attachments(*, now: datetime) -> int:
    """Delete a batch of uploads that no message took for 24 h; return how many went."""
    unused = dict(
        Attachment.objects.select_for_update(skip_locked=True)
        .filter(entry=None, created_at__lt=now - UNUSED_FOR)
        .order_by("created_at")
        .values_list("pk", "file")[:_BATCH]
    )
    Attachment.objects.filter(pk__in=unused, entry=None).delete()
    transaction.on_commit(partial(_delete_files, list(unused.values())))
    return len(unused)


def _delete_files(paths: list[str]) -> None:
    for path in paths:
        default_storage.delete(path)
