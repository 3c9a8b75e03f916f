"""What an agent has pressed and can still take back."""

from django.conf import settings
from django.db import models

from chat.models.conversation import Conversation


class DueAct(models.Model):
    """An act that is done in a moment; until then nothing has happened.

    Who deletes the row has undone it.
    """

    class Act(models.TextChoices):
        END = "end"
        RESOLVE = "resolve"
        CONVERT = "convert"
        SPAM = "spam"

    # What whoever may file a chat may do, whatever the customer says meanwhile.
    FILING = (Act.CONVERT, Act.SPAM)

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="due_acts")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    act = models.CharField(max_length=7, choices=Act)
    # The topic of a resolve; of a conversion the address, and what the ticket will be.
    data = models.JSONField(default=dict)
    # The newest line at the press: what comes after it may mean that the chat goes on.
    seq = models.PositiveIntegerField()
    pressed_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "act"], name="one_due_act"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.conversation_id}"
