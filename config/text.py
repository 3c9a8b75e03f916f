"""What others wrote: on one line, or as a key."""

import re

# Marks, embeddings, overrides and isolates of the bidirectional algorithm: they turn around what
# stands beside them. Scripts that run from the right need none.
_TURNING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile(r"[\x01-\x1f\x7f-\x9f]")


def one_line(text: str) -> str:
    """Return `text` on one line, without signs that are not seen and change how others are.

    A NUL stays, to be refused.
    """
    return " ".join(_CONTROLS.sub(" ", _TURNING.sub("", text)).split())


def key_of(text: str | None) -> int:
    """Return a row's key as it stands in an address or form; 0, which no row has, for all else."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
