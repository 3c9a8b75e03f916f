"""Who has to do with a conversation."""

from typing import Any, Self

from django.conf import settings
from django.db import models


class ParticipationQuerySet(models.QuerySet[Any]):
    """Participations."""

    def taking_part(self, agent_id: int | None = None) -> Self:
        """Keep those, of all or of one agent, who joined somebody else's chat and are still in it.

        The hot path asks the same in SQL of its own: `_JOINED` in `chat/posting/sql.py`.
        """
        found = self.filter(joined_at__isnull=False, left_at=None)
        return found if agent_id is None else found.filter(agent=agent_id)


class Participation(models.Model):
    """What one agent has to do with one conversation: read mark, draft, joined."""

    conversation = models.ForeignKey(
        "chat.Conversation", models.CASCADE, related_name="participations"
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="participations"
    )
    # In the agents' counter.
    read_seq = models.PositiveIntegerField(default=0)
    draft = models.TextField(blank=True)
    draft_mode = models.CharField(max_length=7, default="reply")
    joined_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "agent"], name="one_participation"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.conversation_id}"

    @property
    def has_joined(self) -> bool:
        """Return whether the agent takes part without having the chat."""
        return self.joined_at is not None and self.left_at is None
