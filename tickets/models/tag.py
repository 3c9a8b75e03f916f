"""Tags on tickets."""

from django.db import models

from agents.models import Tag
from tickets.models.ticket import Ticket


class TicketTag(models.Model):
    """A tag on a ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+", db_index=False)
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="on_tickets", db_index=False)

    class Meta:
        constraints = [
            # The tags of a ticket.
            models.UniqueConstraint(fields=["ticket", "tag"], name="one_tag_on_a_ticket"),
        ]
        indexes = [
            # The tickets with a tag: the list's filter.
            models.Index(fields=["tag", "-ticket"], name="tickets_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.tag_id}"
