"""What an agent may do with a chat: one answer for pages, API and sockets.

A door asks before it shows something or calls an operation; the operation asks again under its
locks, for roles and assignees change meanwhile.
"""

from django.core.exceptions import PermissionDenied

from agents.access import Access, access_of, accesses_of
from agents.models import Agent, Permission
from chat.models import Conversation, Participation
from chat.models.querysets import surely_sees


class NotAuthorised(PermissionDenied):
    """The agent may not do this with this chat (any more)."""


def has_joined(access: Access, chat: Conversation) -> bool:
    """Return whether the agent joined somebody else's chat and is still in it."""
    own = Participation.objects.taking_part(access.agent_id)
    return own.filter(conversation=chat).exists()


def takes_part(access: Access, chat: Conversation) -> bool:
    """Return whether the agent has the chat or joined it."""
    return chat.assignee_id == access.agent_id or has_joined(access, chat)


def who_sees(chat: Conversation) -> list[int]:
    """Return the agents who may see a chat."""
    accesses = accesses_of(Agent.objects.filter(is_active=True))
    return sorted(pk for pk, access in accesses.items() if sees(access, chat))


def sees(access: Access, chat: Conversation) -> bool:
    """Return whether the agent may see a chat, as its row says or else the rows around it."""
    return surely_sees(access, chat) or _is_visible(access, chat)


def may_answer(access: Access, chat: Conversation) -> bool:
    """Return whether the agent may take or reopen chats of this brand and channel."""
    return access.may_in(Permission.CHAT, chat.brand_id, chat.channel)


def supervises(access: Access, chat: Conversation) -> bool:
    """Return whether the agent supervises the chat, and does not only see it by another role."""
    if access.everything:
        return True
    return Conversation.objects.supervised_by(access).filter(pk=chat.pk).exists()


def may_handle(access: Access, chat: Conversation) -> bool:
    """Return whether the agent may end or resolve a visible chat or say what it is about.

    It is theirs, they joined or supervise it; or nobody has it and they could take it.
    """
    if chat.assignee_id is None and may_answer(access, chat):
        return True
    return takes_part(access, chat) or supervises(access, chat)


def may_file(access: Access, chat: Conversation) -> bool:
    """Return whether the agent may tag a visible chat or make a ticket of it.

    In the archive that is whoever answers or supervises chats of this brand and channel.
    """
    if chat.status == Conversation.Status.RESOLVED and may_answer(access, chat):
        return True
    return may_handle(access, chat)


def require_answering(agent: Agent, chat: Conversation) -> None:
    """Raise `NotAuthorised` unless `agent` sees the locked chat and may answer it now."""
    access = access_of(agent)
    if not (may_answer(access, chat) and _is_visible(access, chat)):
        raise NotAuthorised


def require_handling(agent: Agent, chat: Conversation) -> None:
    """Raise `NotAuthorised` unless `agent` sees the locked chat and may handle it now."""
    access = access_of(agent)
    if not (may_handle(access, chat) and _is_visible(access, chat)):
        raise NotAuthorised


def require_supervising(agent: Agent, chat: Conversation) -> None:
    """Raise `NotAuthorised` unless `agent` supervises the locked chat now."""
    if not supervises(access_of(agent), chat):
        raise NotAuthorised


def require_filing(agent: Agent, chat: Conversation) -> None:
    """Raise `NotAuthorised` unless `agent` sees the locked chat and may file it now."""
    access = access_of(agent)
    if not (may_file(access, chat) and _is_visible(access, chat)):
        raise NotAuthorised


def _is_visible(access: Access, chat: Conversation) -> bool:
    return Conversation.objects.visible_to(access).filter(pk=chat.pk).exists()
