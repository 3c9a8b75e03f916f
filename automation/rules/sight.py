"""What a rule meets: an event, and what it sees around it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from chat.operations.automatic import address_in, phone_in
from config.text.folding import fold


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event, as a line of the timeline tells it."""

    when: str
    seq: int | None = None
    by: str = ""
    change: str = ""
    text: str = ""
    # What a field was before, by its name in the registry.
    before: Mapping[str, Any] = field(default_factory=dict)
    depth: int = 0
    chain: tuple[int, ...] = ()
    # Of a time rule the moment it was due, in seconds: with its rule it is met once.
    due: int = 0


def happening_at(
    line: Any,
    *,
    by: str,
    begins: bool,
    first_words: str,
    changed: Callable[[Any], tuple[str, dict[str, Any]]],
) -> Happening | None:
    """Return the event that a line of a timeline is; None for what no rule looks at.

    `begins`: with this line it came in. `changed` names what any other changed, and what was there.
    """
    cause = line.data.get("cause") or {}
    shared: dict[str, Any] = {
        "seq": line.seq,
        "by": by,
        "depth": cause.get("depth", 0),
        "chain": tuple(cause.get("rules", ())),
    }
    if begins:
        return Happening(when="incoming", text=first_words, **shared)
    change, before = changed(line)
    if not change:
        return None
    text = line.body if line.kind in {"message", "note"} else ""
    return Happening(when="updated", change=change, text=text, before=before, **shared)


class Sight(ABC):
    """What rules see of one chat or ticket at one moment. Read once, when asked for.

    A field of the registry that chats and tickets share reads the same name of both.
    """

    # What it is, as rules say, and the column of cursors and runs that names it.
    subject: ClassVar[str]
    column: ClassVar[str]

    def __init__(self, row: Any, happening: Happening, now: datetime) -> None:
        self.row = row
        self.happening = happening
        self.now = now
        self._folded: dict[str, str] = {}

    @property
    def key(self) -> str:
        """Return what names it in the keys of runs."""
        return str(self.row.pk)

    @property
    @abstractmethod
    def stay(self) -> int:
        """Return since which line it is open: 0 for the first, else when it came back."""

    @property
    def is_rehearsal(self) -> bool:
        """Return whether somebody only tries things out, which stands in no figure."""
        return False

    @property
    def came_as_chat(self) -> bool:
        """Return whether it came in as a chat before, and rules for both have looked at that."""
        return False

    @property
    def has_email(self) -> bool:
        """Return whether the event's words hold an address."""
        return bool(address_in(self.happening.text))

    @property
    def has_phone(self) -> bool:
        """Return whether the event's words hold a phone number."""
        return bool(phone_in(self.happening.text))

    def folded(self, text: str) -> str:
        """Return a text without marks and capitals; many rules ask for the same one."""
        if text not in self._folded:
            self._folded[text] = fold(text)
        return self._folded[text]

    @cached_property
    def assignee(self) -> str | None:
        """Return whose it is."""
        return self.row.assignee.public_id if self.row.assignee else None
