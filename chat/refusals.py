"""Why something could not be done, for pages and API alike: a code for programs, and words.

The one table of what operations refuse. Words that belong to a field of a form stay with the form.
Also whom a chat can be passed on to, found by their ids.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Team
from agents.models.tag import NAME_MAX
from agents.operations.tags import InvalidTag
from chat.operations.assignment import AlreadyTaken, AtCapacity, NotOnline
from chat.operations.conversations import (
    AlreadyOpen,
    AlreadyResolved,
    NotAssigned,
    NotEnded,
    TopicNeeded,
    WrongTopic,
)
from chat.operations.joining import NobodyElse
from chat.operations.linking import NotLinkable
from chat.operations.starting import InvalidMessage
from chat.operations.tags import TAGS_MAX, TooManyTags
from chat.operations.tickets import EmailNeeded
from chat.operations.transfers import HasEnded, NotTheirs
from chat.rights import NotAuthorised
from config.text.cleaning import key_of
from tickets.operations.contacts import NotMovable


class Explanation(NamedTuple):
    """A code for programs, and a sentence, with the limit that it names as {n}."""

    code: str
    sentence: Promise
    n: int = 0


_REFUSALS: Mapping[type[Exception], Explanation] = {
    AlreadyOpen: Explanation("open", _("This customer has another open chat.")),
    AlreadyResolved: Explanation("resolved", _("This chat is resolved.")),
    AlreadyTaken: Explanation("taken", _("Somebody else has taken this chat.")),
    AtCapacity: Explanation("capacity", _("You have as many chats as you may hold.")),
    EmailNeeded: Explanation("invalid", _("The customer's e-mail address is not known.")),
    HasEnded: Explanation("ended", _("This chat has ended.")),
    InvalidMessage: Explanation("invalid", _("This message can't be sent.")),
    InvalidTag: Explanation("invalid", _("A tag has 1 to {n} characters."), NAME_MAX),
    NobodyElse: Explanation("nobody_else", _("No other agent has this chat.")),
    NotAssigned: Explanation("not_assigned", _("Accept the chat first.")),
    NotAuthorised: Explanation("forbidden", _("This chat is no longer yours.")),
    NotEnded: Explanation("not_ended", _("This chat is already open.")),
    NotLinkable: Explanation("not_linked", _("There is no such link, or no such customer.")),
    NotMovable: Explanation("not_linked", _("Only what is not proven is linked, and back.")),
    NotOnline: Explanation("not_online", _("Go Online to take chats.")),
    NotTheirs: Explanation("not_authorised", _("Chats of this kind are not answered there.")),
    TooManyTags: Explanation("full", _("A chat has at most {n} tags."), TAGS_MAX),
    TopicNeeded: Explanation("invalid", _("Choose a topic.")),
    WrongTopic: Explanation("invalid", _("This topic belongs to another brand.")),
}
# Said of the colleague who shall get a chat, not of the one who asks.
_OF_RECIPIENT: Mapping[type[Exception], Explanation] = {
    AtCapacity: Explanation("capacity", _("This agent has no free slot now.")),
    NotOnline: Explanation("not_online", _("This agent is not Online now.")),
}
# What `transfer` refuses, but for missing rights.
TRANSFER_REFUSALS = (AlreadyTaken, AtCapacity, HasEnded, NotAssigned, NotOnline, NotTheirs)
# And what `join` and `take_over` do.
SUPERVISING_REFUSALS = (AlreadyTaken, AtCapacity, HasEnded, NobodyElse, NotOnline)


def explain_refusal(error: Exception) -> tuple[str, str]:
    """Return code and words of what the caller may not, or not now."""
    return _explain(_REFUSALS[type(error)])


def explain_transfer(error: Exception) -> tuple[str, str]:
    """Return code and words of why a chat could not be passed on."""
    return _explain(_OF_RECIPIENT.get(type(error)) or _REFUSALS[type(error)])


def _explain(found: Explanation) -> tuple[str, str]:
    return found.code, str(found.sentence).format(n=found.n)


def refusal_text(error: Exception) -> str:
    """Return the words alone."""
    return explain_refusal(error)[1]


def recipient_agent(public_id: str) -> Agent | None:
    """Return the colleague with this id."""
    return Agent.objects.filter(public_id=public_id, is_active=True).first()


def recipient_team(key: str) -> Team | None:
    """Return the team with this key."""
    return Team.objects.filter(pk=key_of(key)).first()
