"""Who was offered a conversation."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from chat.models.conversation import Conversation


class Offer(models.Model):
    """A chat offered to an agent, and what became of it."""

    class Result(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        MISSED = "missed"
        WITHDRAWN = "withdrawn"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="offers")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="offers")
    offered_at = models.DateTimeField()
    rings_until = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=9, choices=Result, default=Result.OPEN)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(result="open"), name="one_open_offer"
            ),
        ]
        indexes = [
            # Sweeper: offers that rang too long.
            models.Index(fields=["rings_until"], condition=Q(result="open"), name="offer_ringing"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} → {self.agent_id} {self.result}"
