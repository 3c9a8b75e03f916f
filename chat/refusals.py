"""Whom a chat can be passed on to, for page and API alike: found by their ids, refused in words."""

from django.utils.translation import gettext as _

from agents.models import Agent, Team
from chat.operations.assignment import AlreadyTaken, AtCapacity, NotOnline
from chat.operations.conversations import NotAssigned
from chat.operations.transfers import HasEnded, NotTheirs
from config.text import key_of

type Refused = AlreadyTaken | AtCapacity | HasEnded | NotAssigned | NotOnline | NotTheirs
REFUSED = (AlreadyTaken, AtCapacity, HasEnded, NotAssigned, NotOnline, NotTheirs)


def recipient_agent(public_id: str) -> Agent | None:
    """Return the colleague with this id."""
    return Agent.objects.filter(public_id=public_id, is_active=True).first()


def recipient_team(key: str) -> Team | None:
    """Return the team with this key."""
    return Team.objects.filter(pk=key_of(key)).first()


def why_refused(error: Refused) -> tuple[str, str]:
    """Return why a chat could not be passed on: a code for programs, and words."""
    match error:
        case NotOnline():
            return "not_online", _("This agent is not Online now.")
        case AtCapacity():
            return "capacity", _("This agent has no free slot now.")
        case NotTheirs():
            return "not_authorised", _("Chats of this kind are not answered there.")
        case NotAssigned():
            return "not_assigned", _("Accept the chat first.")
        case HasEnded():
            return "ended", _("This chat has ended.")
    return "taken", _("Somebody else has taken this chat.")
