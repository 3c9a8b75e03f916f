"""The bytes of cleaned files on disk, which stay only where a row names them."""

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from config.files.cleaning import CleanFile


@contextmanager
def stored(files: Sequence[CleanFile], *, now: datetime) -> Iterator[list[str]]:
    """Store cleaned files under random names for what is done with their paths.

    The block is one transaction; when it fails, the bytes go again.
    """
    paths: list[str] = []
    try:
        # Before any transaction: a slow disk must not hold the database's lock.
        for file in files:
            name = f"attachments/{now:%Y/%m}/{secrets.token_hex(16)}"
            paths.append(default_storage.save(name, ContentFile(file.content)))
        with transaction.atomic():
            yield paths
    except Exception:
        delete_bytes(paths)
        raise


def delete_bytes(paths: Collection[str]) -> None:
    """Delete bytes that no row names."""
    for path in paths:
        default_storage.delete(path)
