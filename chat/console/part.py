"""An agent's part in a chat on the screen: what a supervisor may do, and why nobody can reply."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from agents.access import Access
from chat.models import Conversation, Participation
from chat.rights import may_answer, supervises

Status = Conversation.Status


@dataclass(frozen=True, kw_only=True)
class Supervision:
    """What a supervisor may do in an open chat that another agent has."""

    has_joined: bool
    may_whisper: bool
    may_take_over: bool


def supervision_of(
    access: Access, conversation: Conversation, own: Participation
) -> Supervision | None:
    """Return it; None where there is nothing to supervise, or the agent may not.

    Whoever joined can leave, also without the right by now.
    """
    is_others = conversation.assignee_id not in {None, access.agent_id}
    if not (conversation.is_open and conversation.kind == Conversation.Kind.CUSTOMER):
        return None
    may_supervise = is_others and supervises(access, conversation)
    if not (may_supervise or own.has_joined):
        return None
    return Supervision(
        has_joined=own.has_joined,
        may_whisper=may_supervise,
        may_take_over=may_supervise and may_answer(access, conversation),
    )


def why_no_reply(
    conversation: Conversation, *, takes_part: bool, is_ending: bool, watches: bool
) -> str:
    """Return why the agent can only write notes; empty where a reply is possible, or nothing is."""
    if conversation.status == Status.RESOLVED:
        return ""
    if conversation.status == Status.WRAP_UP:
        return _("The chat has ended. Reopen it to reply.")
    if takes_part:
        return _("The chat is about to end. Undo that to reply.") if is_ending else ""
    if conversation.status == Status.QUEUED:
        return _("Accept the chat to reply.")
    if watches:
        return _("You are watching: nothing reaches the customer. Join to reply.")
    return _("Only the chat's agent can reply.")
