"""What became of a chat that an agent can no longer open."""

from django.utils.translation import gettext as _

from agents.access import Access
from chat.models import Conversation
from chat.rights import may_answer

Status = Conversation.Status


def what_became(access: Access, public_id: str) -> str:
    """Return who has a chat now, or what happened to it, to whom could answer chats of its kind.

    Empty for everybody else, and where there is nothing to tell.
    """
    rows = Conversation.objects.select_related("assignee", "team", "resolved_by")
    chat = rows.filter(public_id=public_id).first()
    if chat is None or not may_answer(access, chat):
        return ""
    if not chat.is_open:
        by = chat.resolved_by
        if by is not None and by.pk != access.agent_id:
            return _("{name} has resolved this chat.").format(name=by.name)
        return _("This chat has ended.")
    if chat.status == Status.QUEUED and chat.team is not None:
        return _("This chat is in the queue of {team} now.").format(team=chat.team.name)
    if chat.assignee is not None and chat.assignee_id != access.agent_id:
        return _("{name} has this chat now.").format(name=chat.assignee.name)
    return ""
