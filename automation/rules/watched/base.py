"""What the engine asks of whatever rules watch."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet

from agents.actors import Rule
from automation.models import Run
from automation.rules.sight import Happening, Sight


class Watched(ABC):
    """Chats or tickets: their lines, what rules see of them, and how rules act in them."""

    # What rules call it, and the column of cursors and runs that names it.
    subject: ClassVar[str]
    column: ClassVar[str]
    # What stands before its number in keys.
    mark: ClassVar[str]
    # Whether each of its lines arms rules of time: else their rows look on by themselves.
    is_armed_by_lines: ClassVar[bool]

    @abstractmethod
    def lines_after(self, pk: int, seq: int) -> Sequence[Any]:
        """Return the lines that come after one, each with what rules see."""

    @abstractmethod
    def sights(self, lines: Sequence[Any]) -> Iterable[tuple[Any, Sight | None]]:
        """Yield each line with what rules see of it; None for what no rule looks at."""

    @abstractmethod
    def sight(self, row: Any, happening: Happening, now: datetime) -> Sight:
        """Return what rules see of one at an event."""

    @abstractmethod
    def act(
        self, run: Run, position: int, told: Mapping[str, Any], *, by: Rule, now: datetime
    ) -> str:
        """Do one action; return why it was not done, or ""."""

    @abstractmethod
    def tell(self, run: Run, told: dict[str, str], *, by: Rule, now: datetime) -> None:
        """Have the timeline tell that a rule acts, and why."""

    @abstractmethod
    def open(self) -> QuerySet[Any]:
        """Return those that rules of time look at, with all that rules see of them."""

    @abstractmethod
    def since(self, since: str, row: Any) -> datetime | None:
        """Return from when a rule of time counts; None while that has not happened."""

    @abstractmethod
    def first_since(self, pk: int, at: datetime) -> int | None:
        """Return the `seq` of the first line from a moment on; None where there is none."""

    def settled_at(self, row: Any) -> datetime | None:
        """Return when it is known what was said; None when it is."""
        return None

    def answers(self, sight: Sight, *, at: datetime) -> bool:
        """Answer by itself what no rule has answered; return whether it did."""
        return False
