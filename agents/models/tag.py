"""Tags: words that agents put on chats."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.conversation import Conversation

NAME_MAX = 40


class Tag(models.Model):
    """A word for chats, the same for all brands. It is written as whoever came first wrote it."""

    name = models.CharField(_("name"), max_length=NAME_MAX)
    # What two spellings of one word have in common: İADE, iade and ıade are one tag. Folding may
    # make several letters of one.
    folded = models.CharField(max_length=NAME_MAX * 4, unique=True, editable=False)
    conversations = models.ManyToManyField(
        Conversation, through="ConversationTag", related_name="tags"
    )
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name


class ConversationTag(models.Model):
    """A tag on a chat."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+", db_index=False)
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+", db_index=False)

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
