"""Fail when a text in code or templates lacks a finished translation in locale/tr, has two, or is
translated though nothing says it."""

import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import allauth
import django
import polib
from django.core.management import call_command

SOURCES = ["agents", "automation", "chat", "config", "reports", "tickets", "templates"]
CATALOGUE = Path("locale/tr/LC_MESSAGES/django.po")


def _library_texts() -> list[polib.POEntry]:
    """Return what Django and allauth say themselves: some of it we translate otherwise."""
    return [
        entry
        for library in (django, allauth)
        for path in Path(library.__file__).parent.glob("**/locale/en/LC_MESSAGES/django.po")
        for entry in polib.pofile(str(path))
    ]


def main() -> int:
    """Extract all texts into an empty catalogue and compare it with ours."""
    if shutil.which("xgettext") is None:
        sys.stderr.write("gettext is not installed: texts are not compared with locale/tr\n")
        return 1 if os.environ.get("CI") else 0
    ours = Counter((entry.msgctxt, entry.msgid) for entry in polib.pofile(str(CATALOGUE)))
    twice = [text for (_, text), times in ours.items() if times > 1]
    for text in twice:
        sys.stderr.write(f"translated twice: {text!r}\n")
    done = {
        (entry.msgctxt, entry.msgid) for entry in polib.pofile(str(CATALOGUE)).translated_entries()
    }
    with tempfile.TemporaryDirectory() as copy:
        # makemessages writes beside the sources it reads.
        for source in SOURCES:
            shutil.copytree(source, Path(copy) / source)
        (Path(copy) / "locale").mkdir()
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": copy}
        os.chdir(copy)
        call_command("makemessages", locale=["tr"], extensions=[], verbosity=0)
        used = polib.pofile(str(CATALOGUE))
    unused = ours.keys() - {(entry.msgctxt, entry.msgid) for entry in [*used, *_library_texts()]}
    for _context, text in sorted(unused, key=lambda key: key[1]):
        sys.stderr.write(f"translated, but never said: {text!r}\n")
    lacking = [entry for entry in used if (entry.msgctxt, entry.msgid) not in done]
    for entry in lacking:
        where = ", ".join(f"{path}:{line}" for path, line in entry.occurrences[:2])
        sys.stderr.write(f"untranslated: {entry.msgid!r} ({where})\n")
    return 1 if lacking or twice or unused else 0


if __name__ == "__main__":
    sys.exit(main())
