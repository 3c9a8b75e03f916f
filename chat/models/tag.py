"""Tags on chats."""

from django.db import models

from agents.models import Tag
from chat.models.conversation import Conversation


class ConversationTag(models.Model):
    """A tag on a chat."""

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="tagged", db_index=False
    )
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="on_chats", db_index=False)

    class Meta:
        constraints = [
            # The tags of a chat.
            models.UniqueConstraint(fields=["conversation", "tag"], name="one_tag_on_a_chat"),
        ]
        indexes = [
            # The chats with a tag, newest first: conditions and the archive's filter.
            models.Index(fields=["tag", "-conversation"], name="chats_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.tag_id}"
