"""Files: bytes on disk and their rows, which come and go together."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from django.db import transaction

from agents.models import Agent, CannedFile
from agents.models.file import columns_of
from config.files.cleaning import CleanFile
from config.files.storing import delete_bytes, stored
from tickets.models import File

_BATCH = 500


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
def copy_canned_file(*, file: CannedFile, by: Agent, now: datetime) -> File:
    """Return a file of the agent's with the bytes of a canned reply's, which are not doubled.

    Raises `CannedFile.DoesNotExist` when the reply has let go of it.
    """
    # Locked: until the new row stands, the old one must keep the bytes.
    held = CannedFile.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=file.pk, reply__isnull=False
    )
    return File.objects.create(
        file=held.file.name,
        name=held.name,
        content_type=held.content_type,
        size=held.size,
        width=held.width,
        height=held.height,
        uploader=by,
        created_at=now,
    )


@transaction.atomic
def remove_files(*, ids: Collection[int]) -> None:
    """Delete files: rows now, together with what binds them, and bytes after the commit."""
    found = File.objects.filter(pk__in=ids)
    paths = list(found.values_list("file", flat=True))
    found.delete()
    transaction.on_commit(partial(_delete_unheld, paths))


@transaction.atomic
def purge_canned_files() -> int:
    """Delete a batch of files that no canned reply has any more; return how many went."""
    left = CannedFile.objects.select_for_update(skip_locked=True, of=("self",)).filter(reply=None)
    paths = dict(left.order_by("pk").values_list("pk", "file")[:_BATCH])
    CannedFile.objects.filter(pk__in=paths).delete()
    transaction.on_commit(partial(_delete_unheld, list(paths.values())))
    return len(paths)


def _delete_unheld(paths: Collection[str]) -> None:
    """Delete bytes that no row names any more."""
    # Canned replies first: lines take bytes from them alone, while their row is there.
    held = set(CannedFile.objects.filter(file__in=paths).values_list("file", flat=True))
    held |= set(File.objects.filter(file__in=paths).values_list("file", flat=True))
    delete_bytes(set(paths) - held)
