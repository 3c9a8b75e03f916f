"""What an agent may write in a chat in which they take no part; asked under the chat's lock."""

from agents.access import access_of
from agents.models import Agent, Permission, Role
from chat.models import Conversation
from chat.posting.sql import Locked
from chat.rights import supervises


def may_write(agent_id: int, row: Locked, *, for_note: bool) -> bool:
    """Return whether it is allowed: notes on what they see, and words to the visitor only with a
    supervisor's or an all-chats role for this chat.

    On screens whoever supervises joins first; apps and machines that answer for all need not.
    """
    access = access_of(Agent.objects.get(pk=agent_id))
    chat = Conversation.objects.visible_to(access).filter(pk=row.pk).first()
    if chat is None or for_note:
        return chat is not None
    return supervises(access, chat) or any(
        reach.scope == Role.Scope.ALL and reach.covers(chat.brand_id, chat.channel)
        for reach in access.reaches(Permission.CHAT)
    )


def may_whisper(agent_id: int, row: Locked) -> bool:
    """Return whether they may say something to the agent who has it, part in it or not."""
    access = access_of(Agent.objects.get(pk=agent_id))
    return bool(Conversation.objects.supervised_by(access).filter(pk=row.pk).exists())
