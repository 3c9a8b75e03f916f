"""The key of an embedded installation, which nobody has to set."""

import contextlib
import os
import tempfile
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def read_or_make_key(path: Path) -> str:
    """Return the key that stands in `path`; make one there first if there is none."""
    if not path.exists():
        # Linked whole, so that of several processes starting at once none reads half a key.
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
            file.write(get_random_secret_key())
            file.flush()
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text()
