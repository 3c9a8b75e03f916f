"""Canned replies as the picker offers them: whose, for which chat, with variables filled in."""

from typing import Any

from django.db.models import QuerySet

from agents.access import Access
from agents.models import Agent, CannedReply
from agents.queries.canned import offered_of, replies_in, without_variables
from chat.models import Conversation
from chat.queries.variables import chat_values


def values_for(conversation: Conversation, agent: Agent) -> dict[str, str]:
    """Return what the variables stand for in `conversation`."""
    own = {"agent.name": agent.name, "agent.first_name": agent.get_short_name()}
    return chat_values(conversation) | without_variables(own)


def replies_for(conversation: Conversation, access: Access) -> QuerySet[CannedReply]:
    """Return the replies that an agent may use in `conversation`, most used first."""
    return replies_in(access, brand_id=conversation.brand_id, language=conversation.language)


def offered(conversation: Conversation, agent: Agent, access: Access) -> list[dict[str, Any]]:
    """Return the replies with their texts filled for `conversation`, ready for the picker."""
    return offered_of(replies_for(conversation, access), values_for(conversation, agent))
