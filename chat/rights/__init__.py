"""What agents may do with a chat, and what a visitor may see (`visitors.py`)."""

from chat.rights.agents import (
    NotAuthorised,
    has_joined,
    may_answer,
    may_file,
    may_handle,
    require_answering,
    require_filing,
    require_handling,
    require_supervising,
    sees,
    supervises,
    takes_part,
    who_sees,
)

__all__ = [
    "NotAuthorised",
    "has_joined",
    "may_answer",
    "may_file",
    "may_handle",
    "require_answering",
    "require_filing",
    "require_handling",
    "require_supervising",
    "sees",
    "supervises",
    "takes_part",
    "who_sees",
]
