"""Files: bytes on disk and their rows, which come and go together."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from django.db import transaction

from agents.models import Agent
from agents.models.file import columns_of
from config.files.cleaning import CleanFile
from config.files.storing import delete_bytes, stored
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
    with stored(files, now=now) as paths:
        yield [
            File.objects.create(file=path, uploader=by, created_at=now, **columns_of(file))
            for file, path in zip(files, paths, strict=True)
        ]


@transaction.atomic
def remove_files(*, ids: Collection[int]) -> None:
    """Delete files: rows now, together with what binds them, and bytes after the commit."""
    found = File.objects.filter(pk__in=ids)
    paths = list(found.values_list("file", flat=True))
    found.delete()
    transaction.on_commit(partial(delete_bytes, paths))
