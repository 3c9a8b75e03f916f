"""What agents have begun to write in tickets."""

from django.conf import settings
from django.db import models

from tickets.models.ticket import Ticket


class Draft(models.Model):
    """One agent's unfinished words in a ticket; fresh ones tell colleagues who is answering."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="drafts", db_index=False)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    text = models.TextField()
    mode = models.CharField(max_length=5, default="reply")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            # The drafts of a ticket, and one agent's among them.
            models.UniqueConstraint(fields=["ticket", "agent"], name="one_draft_of_an_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.agent_id}"
