"""Fail when a text in code or templates lacks a finished translation in locale/tr."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import django
import polib
from django.conf import settings
from django.core.management import call_command

NOT_OURS = ["locale", ".*", "tests", "benchmarks", "docs", "var"]


def main() -> int:
    """Extract all texts into an empty catalogue and compare it with ours."""
    if shutil.which("xgettext") is None:
        sys.stderr.write("gettext is not installed: texts are not compared with locale/tr\n")
        return 1 if os.environ.get("CI") else 0
    with tempfile.TemporaryDirectory() as fresh, tempfile.TemporaryDirectory() as data:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": data}
        django.setup()
        ours = settings.LOCALE_PATHS[0] / "tr" / "LC_MESSAGES" / "django.po"
        settings.LOCALE_PATHS = [fresh]
        call_command(
            "makemessages", locale=["tr"], ignore_patterns=NOT_OURS, extensions=[], verbosity=0
        )
        used = polib.pofile(str(Path(fresh) / "tr" / "LC_MESSAGES" / "django.po"))
        done = {
            (entry.msgctxt, entry.msgid) for entry in polib.pofile(str(ours)).translated_entries()
        }
    lacking = [entry for entry in used if (entry.msgctxt, entry.msgid) not in done]
    for entry in lacking:
        where = ", ".join(f"{path}:{line}" for path, line in entry.occurrences[:2])
        sys.stderr.write(f"untranslated: {entry.msgid!r} ({where})\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
