"""Why a rule, or one of its actions, did nothing: the codes of the log, in words.

What an operation refuses has its exception's name as its code.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_GONE = _("not done: it was deleted")
_FAILED = _("not done: it failed")
_OTHER_BRAND = _("not done: the topic belongs to another brand")
_REASONS: Mapping[str, Promise] = {
    "missing": _("skipped: it names something that was deleted"),
    "error": _("skipped: it failed"),
    "touched": _("not done: an agent had the chat by then, or it had ended"),
    "known": _("not needed"),
    "nothing": _("nothing to do"),
    "no_address": _("not done: no e-mail address is known"),
    "no_ticket": _("not done: there is no ticket"),
    "limit": _("not done: too many e-mails"),
    "gone": _GONE,
    "doesnotexist": _GONE,
    "rehearsal": _("not done: it was a rehearsal"),
    "taken": _("not done: somebody had the ticket by then"),
    "safety_net": _("not done: the ticket waits for its chat to be taken"),
    "automatic": _("not done: no machine may answer that e-mail"),
    "own_words": _("not done: the newest words came from that address"),
    "blocked": _("not done: the sender is blocked"),
    "other_brand": _OTHER_BRAND,
    "wrongtopic": _OTHER_BRAND,
    "alreadyresolved": _("not done: the chat is in the archive"),
    "alreadytaken": _("not done: the chat had ended by then"),
    "nottheirs": _("not done: the agent may not see such tickets"),
    "notonline": _("not done: the agent is not Online"),
    "atcapacity": _("not done: the agent has as many chats as allowed"),
    "notauthorised": _("not done: the agent may not answer such chats"),
    "wrongteam": _("not done: nobody in the team answers such chats"),
    "wrongvalue": _("not done: this does not fit the ticket"),
    "invalidtag": _("not done: this can't be a tag"),
    "toomanytags": _("not done: the chat has as many tags as allowed"),
    "toomanytickettags": _("not done: the ticket has as many tags as allowed"),
}


def reason_of(refusal: type[Exception]) -> str:
    """Return the code of what an action's operation raises."""
    return refusal.__name__.lower()


def said_of_reason(code: str) -> str:
    """Return a reason in words; "" for none."""
    return str(_REASONS.get(code, _FAILED)) if code else ""
