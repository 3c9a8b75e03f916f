"""Who is told what: the one table. A new event enters it, if only to say that nobody is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from agents import events as organisation
from agents.models import SOUNDING, Device, Notice
from chat.events import lifecycle, words
from config.events import Event
from tickets import events as tickets

# A customer does not wait longer for somebody whose phone was off.
SOUNDING_TTL = timedelta(minutes=5)
SILENT_TTL = timedelta(days=1)
# A word in a chat that nobody has tells everybody again, at most so often.
RENEW = timedelta(seconds=30)
# How the key of a test begins that must not ring.
SILENT_TEST = "silent:"
# And of a window that was opened.
OPENED = "opened:"
# And of what a supervisor whispers.
WHISPER = "whisper:"
# Push services of browsers that always sound.
_LOUD = ("web.push.apple.com",)


class Whom(Enum):
    """To whom an event is told."""

    # The agent at whom the chat rings.
    RUNG_AT = auto()
    # The agent who was given it.
    ASSIGNEE = auto()
    # Whoever may take it, once the first ring has passed or nobody is free.
    WHO_MAY_TAKE = auto()
    # Whoever has it or joined; of a chat that nobody has, as of a new one.
    SPOKEN_TO = auto()
    # Whoever may take chats of the brand whose window was opened.
    WHO_MAY_GREET = auto()
    # Whom an agent's note in a chat or ticket names.
    MENTIONED = auto()
    # Whom a rule tells.
    OF_A_RULE = auto()
    # Whoever may see a ticket and is of its teams; without such people, who may see it.
    WHO_WORKS_ON = auto()
    # Whose ticket it is; of a ticket that nobody has, as of a new one.
    TICKETS_AGENT = auto()
    # The team that was given a ticket.
    TICKETS_TEAM = auto()


@dataclass(frozen=True)
class Told:
    """One row of the table."""

    whom: Whom
    notice: Notice


TABLE: Mapping[type[Event], tuple[Told, ...]] = {
    lifecycle.ConversationQueued: (Told(Whom.WHO_MAY_TAKE, Notice.NEW_CHAT),),
    lifecycle.OfferMade: (Told(Whom.RUNG_AT, Notice.NEW_CHAT),),
    lifecycle.OfferWithdrawn: (Told(Whom.WHO_MAY_TAKE, Notice.NEW_CHAT),),
    lifecycle.ConversationAssigned: (Told(Whom.ASSIGNEE, Notice.NEW_CHAT),),
    words.MessagesPosted: (
        Told(Whom.SPOKEN_TO, Notice.MESSAGE),
        Told(Whom.MENTIONED, Notice.MENTION),
    ),
    # The message itself is told.
    words.ConversationWoke: (),
    words.TicketedWords: (),
    words.FactsAppended: (),
    lifecycle.ConversationChanged: (),
    lifecycle.ConversationConverted: (),
    lifecycle.ConversationEnded: (),
    # Heard on the desk.
    lifecycle.ConversationLate: (),
    lifecycle.ConversationReopened: (),
    lifecycle.ConversationResolved: (),
    lifecycle.ConversationTagged: (),
    lifecycle.ConversationLetGo: (),
    lifecycle.ConversationParked: (),
    lifecycle.FormOffered: (),
    lifecycle.WindowOpened: (Told(Whom.WHO_MAY_GREET, Notice.NEW_CHAT),),
    # Where it tells a whole team, of the class for that.
    lifecycle.RuleNotice: (Told(Whom.OF_A_RULE, Notice.MENTION),),
    lifecycle.SlotFreed: (),
    organisation.AccessChanged: (),
    organisation.AgentReturned: (),
    organisation.AgentStatusChanged: (),
    organisation.DeskEdge: (),
    organisation.HoursChanged: (),
    organisation.OrganisationChanged: (),
    organisation.TagRenamed: (),
    tickets.TicketOpened: (Told(Whom.WHO_WORKS_ON, Notice.TICKET),),
    tickets.TicketAnswered: (Told(Whom.TICKETS_AGENT, Notice.TICKET),),
    tickets.TicketUndelivered: (Told(Whom.TICKETS_AGENT, Notice.TICKET),),
    tickets.TicketAssigned: (Told(Whom.TICKETS_AGENT, Notice.TICKET),),
    tickets.TicketTeamed: (Told(Whom.TICKETS_TEAM, Notice.TEAM),),
    # Of the class for teams where it tells a whole one.
    tickets.TicketRuleNotice: (Told(Whom.OF_A_RULE, Notice.MENTION),),
    tickets.TicketNoted: (Told(Whom.MENTIONED, Notice.MENTION),),
    # For figures: what is told of it has events of its own.
    tickets.TicketWritten: (),
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
