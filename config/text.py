"""What others wrote, on one line."""

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
