"""How far a mail to one address is: handed over once, and tried again where that does no harm."""

from datetime import datetime, timedelta
from enum import Enum, auto

from tickets.models import Sending

# After each failure that may pass, until `GIVE_UP`.
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120)]
GIVE_UP = timedelta(hours=48)
_DETAIL_MAX = 300


class Begun(Enum):
    """What whoever wants to hand a mail over finds."""

    OURS = auto()
    # Whoever was handing it over has vanished: nobody knows whether it left.
    LOST = auto()
    # It is done, or somebody else's.
    DONE = auto()


def begin(sending: Sending, *, attempt: int, now: datetime) -> Begun:
    """Mark a mail as being handed over, in the caller's transaction; return whose it is to send.

    `attempt`: the number of tries before, as whoever wants to send it knows it. When it is another
    by now, or the mail is done, that is `Begun.DONE`.
    """
    rows = type(sending)._default_manager.filter(pk=sending.pk, attempts=attempt)
    waiting = rows.filter(state__in=(Sending.State.QUEUED, Sending.State.RETRY))
    if waiting.update(state=Sending.State.SENDING, changed_at=now):
        return Begun.OURS
    lost = rows.filter(state=Sending.State.SENDING)
    if lost.update(state=Sending.State.UNKNOWN, code="vanished", changed_at=now):
        return Begun.LOST
    return Begun.DONE


def settle(
    locked: Sending, *, state: str, code: str, detail: str, now: datetime
) -> datetime | None:
    """Save what became of a locked mail; return when it is to be tried again, None for never.

    RETRY becomes FAILED once the mail is older than `GIVE_UP`; `detail` is cut to one line.
    """
    again_at = None
    if state == Sending.State.RETRY and now - locked.created_at >= GIVE_UP:
        state = Sending.State.FAILED
    locked.state, locked.code, locked.changed_at = state, code, now
    locked.detail = " ".join(detail.replace("\0", " ").split())[:_DETAIL_MAX]
    if state == Sending.State.RETRY:
        again_at = now + PAUSES[min(locked.attempts, len(PAUSES) - 1)]
        locked.attempts += 1
    locked.save(update_fields=["state", "code", "detail", "attempts", "changed_at"])
    return again_at
