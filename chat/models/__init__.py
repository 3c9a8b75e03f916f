"""Rows of live support."""

from chat.models.attachment import Attachment
from chat.models.conversation import Conversation
from chat.models.due import DueAct
from chat.models.entry import Entry
from chat.models.installation import Installation
from chat.models.offer import Offer
from chat.models.participation import Participation
from chat.models.tag import ConversationTag
from chat.models.visitor import Visitor

__all__ = [
    "Attachment",
    "Conversation",
    "ConversationTag",
    "DueAct",
    "Entry",
    "Installation",
    "Offer",
    "Participation",
    "Visitor",
]
