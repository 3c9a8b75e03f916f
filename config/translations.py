"""Compile the message catalogues without gettext's tools, and only when they changed."""

import os
import tempfile
from pathlib import Path

import polib

from config.settings import LOCALE_PATHS


def compile_if_changed() -> list[Path]:
    """Write the `.mo` beside each newer `.po`; return what was written. Fuzzy lines stay out."""
    written = []
    for source in sorted(path for root in LOCALE_PATHS for path in root.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        # Another process may be reading the old one, or writing the same.
        handle, temporary = tempfile.mkstemp(dir=source.parent, suffix=".tmp")
        os.close(handle)
        polib.pofile(str(source), encoding="utf-8").save_as_mofile(temporary)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
        written.append(target)
    return written
