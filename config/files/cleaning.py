"""What a file really is: its type by content, images drawn anew, a name that is safe to show."""

import os
import re
import unicodedata
from dataclasses import dataclass

from config.files.kinds import KINDS, UnknownKind, kind_of
from config.files.pictures import Pay, PictureRefused, draw_anew, pay_nothing

NAME_LENGTH = 120


class FileRefused(Exception):
    """It is `empty` or `broken`, has too many `pixels`, or is of a `kind` that is not taken.

    A picture is `slow` that could not be drawn in time: later it may be taken. A `picture_kind` is
    one that browsers don't draw, a `program` one that a computer would run.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class CleanFile:
    """What is kept of an uploaded file."""

    content: bytes
    content_type: str
    name: str
    width: int | None = None
    height: int | None = None


def clean_file(content: bytes, name: str, *, pay: Pay = pay_nothing) -> CleanFile:
    """Return what may be kept of an uploaded file; raises `FileRefused`."""
    if not content:
        raise FileRefused("empty")
    try:
        content_type = kind_of(content)
        name = display_name(name, content_type)
        if not is_shown_inline(content_type):
            return CleanFile(content, content_type, name)
        drawn = draw_anew(content, KINDS[content_type].picture, pay=pay)
    except (UnknownKind, PictureRefused) as error:
        raise FileRefused(error.reason) from error
    return CleanFile(drawn.content, content_type, name, drawn.width, drawn.height)


def is_shown_inline(content_type: str) -> bool:
    """Return whether a browser may draw it in a page; everything else is only downloaded."""
    kind = KINDS.get(content_type)
    return kind is not None and bool(kind.picture)


def display_name(raw: str, content_type: str) -> str:
    """Return `raw` as one harmless line of at most 120 characters with an honest ending."""
    name = harmless_name(raw)
    endings = KINDS[content_type].endings
    stem, ending = os.path.splitext(name)
    if ending.lower() not in endings:
        stem, ending = name, endings[0]
    return (stem[: NAME_LENGTH - len(ending)].strip(". ") or "file") + ending


def harmless_name(raw: str) -> str:
    """Return `raw` as one line that is no path, and reads as it is."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", raw)[-1])
    # Controls, and the invisible signs that reverse or split what is read (RTL, zero width).
    name = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in name)
    return re.sub(r'[<>:"|?*]', "_", " ".join(name.split())).strip(". ")
