"""The timeline, which is also the ledger."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chat.models.conversation import Conversation


class EntryQuerySet(models.QuerySet[Any]):
    """Entries."""

    def for_wire(self) -> Self:
        """Fetch what a frame shows of an entry along with it."""
        return self.select_related("agent", "conversation__visitor").prefetch_related("attachments")

    def answers(self) -> Self:
        """Keep what a person said to the customer."""
        said = self.filter(kind=Entry.Kind.MESSAGE, author_kind=Entry.AuthorKind.AGENT)
        return said.filter(data__automatic__isnull=True)


class Entry(models.Model):
    """One line of a conversation's timeline. Never changed, never deleted."""

    class Kind(models.TextChoices):
        MESSAGE = "message"
        NOTE = "note"
        QUEUED = "queued"
        STARTED = "started"
        OFFERED = "offered"
        ACCEPTED = "accepted"
        TRANSFERRED = "transferred"
        JOINED = "joined"
        LEFT = "left"
        ENDED = "ended"
        RESOLVED = "resolved"
        REOPENED = "reopened"
        RATED = "rated"
        TAGGED = "tagged"
        ASSIGNED = "assigned"
        STATUS = "status"
        CONVERTED = "converted"
        FIELD = "field"
        BOT = "bot"
        ARTICLE = "article"
        INVITATION = "invitation"

    class AuthorKind(models.TextChoices):
        VISITOR = "visitor"
        AGENT = "agent"
        BOT = "bot"
        SYSTEM = "system"

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="entries", db_index=False
    )
    # Dense for agents.
    seq = models.PositiveIntegerField()
    # Dense for what the visitor may see; null for the rest.
    visitor_seq = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=11, choices=Kind)
    author_kind = models.CharField(max_length=7, choices=AuthorKind)
    # The author when it is an agent; the visitor is the conversation's.
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    body = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    client_id = models.CharField(max_length=36, null=True)
    created_at = models.DateTimeField()

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            # The thread, the resume cursor and the order.
            models.UniqueConstraint(fields=["conversation", "seq"], name="entry_order"),
            models.UniqueConstraint(
                fields=["conversation", "visitor_seq"],
                condition=Q(visitor_seq__isnull=False),
                name="entry_visitor_order",
            ),
            # At most one entry per conversation, author and client id.
            models.UniqueConstraint(
                fields=["conversation", "client_id"],
                condition=Q(author_kind="visitor", client_id__isnull=False),
                name="entry_once_visitor",
            ),
            models.UniqueConstraint(
                fields=["conversation", "agent", "client_id"],
                condition=Q(author_kind="agent", client_id__isnull=False),
                name="entry_once_agent",
            ),
            # What rules and the system say is said once.
            models.UniqueConstraint(
                fields=["conversation", "client_id"],
                condition=Q(author_kind__in=["bot", "system"], client_id__isnull=False),
                name="entry_once_machine",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id}.{self.seq} {self.kind}"
