"""Rows of live support."""

from chat.models.answer_mail import AnswerMail
from chat.models.attachment import Attachment
from chat.models.conversation import Conversation
from chat.models.due import DueAct
from chat.models.entry import Entry
from chat.models.installation import Installation
from chat.models.not_them import NotThem
from chat.models.offer import Offer
from chat.models.participation import Participation
from chat.models.tag import ConversationTag
from chat.models.visitor import Visitor

__all__ = [
    "AnswerMail",
    "Attachment",
    "Conversation",
    "ConversationTag",
    "DueAct",
    "Entry",
    "Installation",
    "NotThem",
    "Offer",
    "Participation",
    "Visitor",
]
