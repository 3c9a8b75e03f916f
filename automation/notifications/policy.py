"""Who is told what: the one table. A new event enters it, if only to say that nobody is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from agents import events as organisation
from agents.models import SOUNDING, Device, Notice
from chat.events import lifecycle, words
from config.events import Event

# A customer does not wait longer for somebody whose phone was off.
SOUNDING_TTL = timedelta(minutes=5)
SILENT_TTL = timedelta(days=1)
# A word in a chat that nobody has tells everybody again, at most so often.
RENEW = timedelta(seconds=30)
# How the key of a test begins that must not ring.
SILENT_TEST = "silent:"
# Push services of browsers that always sound.
_LOUD = ("web.push.apple.com",)


class Whom(Enum):
    """To whom a chat's event is told."""

    # The agent at whom the chat rings.
    RUNG_AT = auto()
    # The agent who was given it.
    ASSIGNEE = auto()
    # Whoever may take it, once the first ring has passed or nobody is free.
    WHO_MAY_TAKE = auto()
    # Whoever has it or joined; of a chat that nobody has, as of a new one.
    SPOKEN_TO = auto()


@dataclass(frozen=True)
class Told:
    """One row of the table."""

    whom: Whom
    notice: Notice


TABLE: Mapping[type[Event], Told | None] = {
    lifecycle.ConversationQueued: Told(Whom.WHO_MAY_TAKE, Notice.NEW_CHAT),
    lifecycle.OfferMade: Told(Whom.RUNG_AT, Notice.NEW_CHAT),
    lifecycle.OfferWithdrawn: Told(Whom.WHO_MAY_TAKE, Notice.NEW_CHAT),
    lifecycle.ConversationAssigned: Told(Whom.ASSIGNEE, Notice.NEW_CHAT),
    words.MessagesPosted: Told(Whom.SPOKEN_TO, Notice.MESSAGE),
    # The message itself is told.
    words.ConversationWoke: None,
    words.TicketedWords: None,
    words.FactsAppended: None,
    lifecycle.ConversationChanged: None,
    lifecycle.ConversationConverted: None,
    lifecycle.ConversationEnded: None,
    # Heard on the desk.
    lifecycle.ConversationLate: None,
    lifecycle.ConversationReopened: None,
    lifecycle.ConversationResolved: None,
    lifecycle.ConversationTagged: None,
    lifecycle.ConversationLetGo: None,
    lifecycle.ConversationParked: None,
    lifecycle.FormOffered: None,
    # A line on the desk of those it names.
    lifecycle.RuleNotice: None,
    lifecycle.SlotFreed: None,
    organisation.AccessChanged: None,
    organisation.AgentReturned: None,
    organisation.AgentStatusChanged: None,
    organisation.DeskEdge: None,
    organisation.HoursChanged: None,
}


def sounds(notice: str) -> bool:
    """Return whether it rings and vibrates; a test does, or it would prove nothing."""
    return not notice or notice in SOUNDING


def ttl_of(notice: str) -> timedelta:
    """Return how long it is worth being told."""
    return SOUNDING_TTL if sounds(notice) else SILENT_TTL


def is_told_on(device: Device, notice: str) -> bool:
    """Return whether a class may come to a device: none that must be silent where all sound."""
    if sounds(notice) or device.kind != Device.Kind.WEBPUSH:
        return True
    return not any(f"//{host}/" in device.address["endpoint"] for host in _LOUD)
