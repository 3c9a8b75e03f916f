"""Files: bytes on disk and their rows, which come and go together."""

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from agents.models import Agent
from config.files.cleaning import CleanFile
from tickets.models import File


@contextmanager
def keep_file(*, file: CleanFile, by: Agent | None, now: datetime) -> Iterator[File]:
    """Store a cleaned file under a random name for what is done with its row.

    The block is one transaction with the row; when it fails, the bytes go again.
    """
    with keep_files(files=[file], by=by, now=now) as [kept]:
        yield kept


@contextmanager
def keep_files(
    *, files: Sequence[CleanFile], by: Agent | None, now: datetime
) -> Iterator[list[File]]:
    """Store cleaned files, all or none, as `keep_file` does with one."""
    paths: list[str] = []
    try:
        # Before any transaction: a slow disk must not hold the database's lock.
        for file in files:
            name = f"attachments/{now:%Y/%m}/{secrets.token_hex(16)}"
            paths.append(default_storage.save(name, ContentFile(file.content)))
        with transaction.atomic():
            yield [
                File.objects.create(
                    file=path,
                    name=file.name,
                    content_type=file.content_type,
                    size=len(file.content),
                    width=file.width,
                    height=file.height,
                    uploader=by,
                    created_at=now,
                )
                for file, path in zip(files, paths, strict=True)
            ]
    except Exception:
        _delete_bytes(paths)
        raise


@transaction.atomic
def remove_files(*, ids: Collection[int]) -> None:
    """Delete files: rows now, together with what binds them, and bytes after the commit."""
    found = File.objects.filter(pk__in=ids)
    paths = list(found.values_list("file", flat=True))
    found.delete()
    transaction.on_commit(partial(_delete_bytes, paths))


def _delete_bytes(paths: Collection[str]) -> None:
    for path in paths:
        default_storage.delete(path)
