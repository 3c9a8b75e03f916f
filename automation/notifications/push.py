"""What is handed to a push service, and what can become of that."""

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

# A new chat and a message are told from each other in a pocket. In milliseconds: on, off, on.
VIBRATIONS = {
    "new_chat": [250, 150, 250, 150, 250],
    "message": [200, 100, 200],
    "": [200],
}


@dataclass(frozen=True, kw_only=True)
class Push:
    """One notification as one device gets it."""

    id: str
    device: int
    # Empty for a test.
    notice: str
    conversation: str
    # Its number.
    ticket: str = ""
    at: datetime
    title: str
    body: str
    # A later one with the same tag takes its place.
    tag: str
    url: str
    sounds: bool
    # It may have rung already.
    is_repeat: bool = False
    # Label by act: accept, decline.
    actions: dict[str, str] = field(default_factory=dict)
    # Tags of notifications that are about nothing any more.
    withdrawn: tuple[str, ...] = ()
    seconds: int

    @property
    def rings(self) -> bool:
        """Return whether it makes a sound, also where it takes the place of another."""
        return self.sounds and not self.is_repeat


class NotSent(Exception):
    """A push service did not take it."""


class DeviceGone(NotSent):
    """The device has no such address any more."""


class Refused(NotSent):
    """Trying again changes nothing; the reason is a `Device.Problem`."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class TryLater(NotSent):
    """It may be taken later: after `seconds` if the service said so."""

    def __init__(self, seconds: float | None = None, *, may_have_come: bool = False) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        # Nobody knows whether it was taken.
        self.may_have_come = may_have_come


class TooLarge(NotSent):
    """With fewer words it may be taken."""


def seconds_of(retry_after: str, *, now: datetime) -> float | None:
    """Return for how many seconds a `Retry-After` (seconds, or a date) asks us to wait.

    0 for a date that has passed, None when it can't be read.
    """
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:6])
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - now).total_seconds())
    except (TypeError, ValueError):
        return None
