"""Turkish-safe text comparison: one folding for search, one key for sorting."""

import unicodedata
from collections.abc import Callable, Iterable
from itertools import filterfalse
from typing import Any

_FOLD = str.maketrans({"İ": "i", "I": "i", "ı": "i"})
# Phones set quotation marks and dashes as printers do.
_PLAIN = str.maketrans("‘’‚‛“”„‟‐‒–—―", "'" * 4 + '"' * 4 + "-" * 5)

# The Turkish alphabet with q, w and x where Turkish dictionaries put them.
_ALPHABET = "abcçdefgğhıijklmnoöpqrsştuüvwxyz"
_RANK = {letter: f"{rank:02d}" for rank, letter in enumerate(_ALPHABET, start=11)}
_LOWER = str.maketrans({"İ": "i", "I": "ı"})


def fold(text: str) -> str:
    """Return `text` lower-cased and without marks, so that IŞIK, ışık and isik are equal.

    So are straight and curly quotation marks, and dashes of all lengths.

    >>> fold("İADE Koşulları"), fold("ISIK") == fold("ışık")
    ('iade kosullari', True)
    """
    if text.isascii():
        return text.lower()
    # Before lower-casing too: "㎒" holds capitals, and some small letters come apart.
    plain = unicodedata.normalize("NFKD", text.translate(_FOLD)).lower()
    plain = unicodedata.normalize("NFKD", plain).translate(_PLAIN)
    return "".join(filterfalse(unicodedata.combining, plain)).replace("ı", "i")


def sort_key(text: str) -> str:
    """Return a string that sorts as Turkish dictionaries do (c ç, ı i, o ö, s ş, u ü).

    Two digits a sign, for databases agree on the order of nothing else; other scripts come last.

    >>> sorted(["çam", "ırmak", "cam", "irmik", "şal", "sal"], key=sort_key)
    ['cam', 'çam', 'ırmak', 'irmik', 'sal', 'şal']
    """
    letters = unicodedata.normalize("NFC", text.strip().translate(_LOWER).lower())
    parts: list[str] = []
    for letter in letters:
        if letter in _RANK:
            parts.append(_RANK[letter])
            continue
        for base in unicodedata.normalize("NFKD", letter):
            if base in _RANK:
                parts.append(_RANK[base])
            elif base.isspace():
                parts.append("00")
            elif base.isdigit():
                parts.append(f"{1 + unicodedata.digit(base):02d}")
            elif not unicodedata.combining(base):
                parts.append(f"99{base}")
    return "".join(parts)


def by_name[Row: Any](
    rows: Iterable[Row], *, of: Callable[[Row], Any] = lambda row: row
) -> list[Row]:
    """Return the few rows of a table without a `sort_name` in the order of the alphabet.

    `of`: whose name; what has the same stays as it was.
    """
    return sorted(rows, key=lambda row: (sort_key(of(row).name), of(row).pk))
