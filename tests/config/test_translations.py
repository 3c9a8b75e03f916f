"""Turkish and English are equals: each text is translated, none is fuzzy."""

import os
from pathlib import Path

import polib
import pytest
from django.conf import settings

from config import translations

pytestmark = pytest.mark.once

CATALOGUES = sorted(path for root in settings.LOCALE_PATHS for path in root.glob("*/*/*.po"))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_each_text_is_translated_and_none_is_fuzzy(path: Path) -> None:
    catalogue = polib.pofile(str(path))
    unfinished = [
        entry.msgid for entry in catalogue if not entry.translated() and not entry.obsolete
    ]
    assert unfinished == []


def test_a_catalogue_is_compiled_when_it_changed_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = folder / "django.po"
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    catalogue.append(polib.POEntry(msgid="queue", msgstr="kuyruk"))
    catalogue.append(polib.POEntry(msgid="chat", msgstr="sohpet", flags=["fuzzy"]))
    catalogue.save(str(source))
    monkeypatch.setattr(translations, "LOCALE_PATHS", [tmp_path])

    assert translations.compile_if_changed() == [folder / "django.mo"]
    assert translations.compile_if_changed() == []

    compiled = polib.mofile(str(folder / "django.mo"))
    assert [(entry.msgid, entry.msgstr) for entry in compiled] == [("queue", "kuyruk")]
    later = source.stat().st_mtime + 5
    os.utime(source, (later, later))
    assert translations.compile_if_changed() == [folder / "django.mo"]
