"""What others wrote: on one line, cut, mended, or as a key."""

import re
import unicodedata

from django.utils.translation import get_language

# Marks, embeddings, overrides and isolates of the bidirectional algorithm: they turn around what
# stands beside them. Scripts that run from the right need none.
_TURNING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile(r"[\x01-\x1f\x7f-\x9f]")
# Controls, spaces, what Unicode calls ignorable, and letters that are drawn as nothing: blanks of
# Hangul, Braille and musical notation. static/live/words.js has the same.
_UNSEEN = re.compile(
    r"[\s\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]*"
)
_LETTER = re.compile(r"[^\W\d_]")
_TURKISH_CAPITALS = str.maketrans({"i": "İ", "ı": "I"})
_HALVES = re.compile(r"[\ud800-\udfff]")


def is_blank(text: str) -> bool:
    """Return whether nothing of `text` can be seen."""
    return _UNSEEN.fullmatch(text) is not None


def mended(text: str) -> str:
    """Return `text` with a sign in the place of all that a database can't hold."""
    return _HALVES.sub("\ufffd", text).replace("\0", "\ufffd")


def one_line(text: str) -> str:
    """Return `text` on one line, without signs that are not seen and change how others are.

    A NUL stays, to be refused.
    """
    return " ".join(_CONTROLS.sub(" ", _TURNING.sub("", text)).split())


def initials(name: str) -> str:
    """Return up to two capitals for a person, in the language of the screen.

    Brackets, quotes, numbers and pictures are passed over; where nothing else stands the first sign
    is all there is.
    """
    name = unicodedata.normalize("NFC", name)
    letters = [found[0] for word in name.split() if (found := _LETTER.search(word))]
    if not letters:
        return name.strip()[:1]
    shown = "".join(letters[:1] + letters[1:][-1:])
    if (get_language() or "").startswith("tr"):
        shown = shown.translate(_TURKISH_CAPITALS)
    # The capital of some letters is two: "SS" of "ß".
    return "".join(letter.upper()[0] for letter in shown)


def key_of(text: str | None) -> int:
    """Return a row's key as it stands in an address or form; 0, which no row has, for all else."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
