"""What happened in tickets."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.file import File
from tickets.models.ticket import Ticket


class Entry(models.Model):
    """One line of a ticket's timeline."""

    class Kind(models.TextChoices):
        MESSAGE = "message"
        NOTE = "note"
        CREATED = "created"
        STATUS = "status"
        ASSIGNED = "assigned"
        CHANGED = "changed"
        TAGGED = "tagged"

    class AuthorKind(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        AGENT = "agent", _("Agent")
        SYSTEM = "system", _("System")
        BOT = "bot", _("Automatic")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="entries")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    author_kind = models.CharField(max_length=8, choices=AuthorKind)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    body = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    # Said in this line, or in the line of a chat that it is a copy of.
    files = models.ManyToManyField(File, related_name="ticket_entries")
    # Of what an agent sends; the same one again is the same line.
    client_id = models.CharField(max_length=64, null=True)
    # Said in a chat: the conversation's key, whose room lies above, and the line's number there.
    chat_id = models.BigIntegerField(null=True)
    chat_seq = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "seq"], name="ticket_entry_order"),
            models.UniqueConstraint(
                fields=["agent", "client_id"],
                condition=Q(client_id__isnull=False),
                name="ticket_entry_sent_once",
            ),
            # What was said in a chat is copied once; the newest line that came from there.
            models.UniqueConstraint(
                fields=["ticket", "chat_id", "chat_seq"],
                condition=Q(chat_id__isnull=False),
                name="ticket_entry_of_chat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}.{self.seq} {self.kind}"
