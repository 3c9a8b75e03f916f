"""Mails that nobody here wrote, with what another parser read in them; tests/files/mails.zip says
whose they are."""

import json
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from tickets.mail.inbound.parts import Mail, read_mail
from tickets.mail.inbound.quotes import cut

pytestmark = pytest.mark.once

ENOUGH = 0.98
# Where more hangs on a mail than the other parser has found.
BETTER = {
    "malformed/017.eml": ["image001.png"],
    # What hangs on a mail within the mail.
    "rfc/002.eml": ["", "map_of_Argentina.gif"],
    "thirdparty/007.eml": ["", "", "", "test.txt"],
    "thirdparty/015.eml": ["", "", "shop-mail.txt"],
}


@pytest.fixture(scope="module")
def archive() -> Iterator[ZipFile]:
    with ZipFile(Path(__file__).parents[2] / "files" / "mails.zip") as archive:
        yield archive


def names(mail: Mail) -> list[str]:
    """Return the names that its files had; those without one are called by what they are."""
    made = {"file", "mail.txt", "calendar.txt"}
    # Mails within it are called by their subject.
    mails = (b"From: ", b"To: ", b"Subject: ")
    return [
        "" if file.name in made or file.content.startswith(mails) else file.name.replace("\\", "")
        for file in mail.files
    ]


def is_same(ours: str, theirs: str) -> bool:
    """Return whether both read the same; where they give up on a letter ours may be any."""
    ours, theirs = " ".join(ours.split()), " ".join(theirs.split())
    lost = [at for at, letter in enumerate(theirs) if letter == "\ufffd"]
    rest = "".join(letter for at, letter in enumerate(ours) if at not in lost)
    return rest == theirs.replace("\ufffd", "")


def test_public_mails_are_read_as_others_read_them(archive):
    expected = json.loads(archive.read("expected.json"))
    assert len(expected) > 100
    read = {name: read_mail(archive.read(f"mails/{name}")) for name in expected}
    files = {name: it["files"] for name, it in expected.items()} | BETTER
    other = {
        "subject": [n for n, it in expected.items() if not is_same(read[n].subject, it["subject"])],
        "sender": [n for n, it in expected.items() if read[n].sender != it["sender"].lower()],
        "files": [n for n in expected if names(read[n]) != files[n]],
    }
    for what, differ in other.items():
        assert len(differ) <= len(expected) * (1 - ENOUGH), f"{what}: {differ}"


def test_what_turkish_mail_programmes_forward_is_folded_away(archive):
    forwards = [name for name in archive.namelist() if name.startswith("forwards/")]
    assert len(forwards) == 6
    for name in forwards:
        found = cut(f"Bakar mısınız?\n\n{archive.read(name).decode()}")
        assert found.words == "Bakar mısınız?", name
        assert found.rest, name
