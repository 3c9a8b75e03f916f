"""Tickets."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.models import Brand, Language, Tag, Team, TicketType, Topic
from tickets.models.contact import Contact
from tickets.models.querysets import TicketQuerySet


class Ticket(models.Model):
    """What can't be solved at once. Its number is its primary key."""

    class Status(models.TextChoices):
        NEW = "new", _("New")
        OPEN = "open", _("Open")
        WAITING = "waiting", _("Waiting")
        ON_HOLD = "on_hold", _("On hold")
        RESOLVED = "resolved", _("Resolved")
        CLOSED = "closed", _("Closed")

    class Priority(models.TextChoices):
        LOW = "low", _("Low")
        NORMAL = "normal", _("Normal")
        HIGH = "high", _("High")
        URGENT = "urgent", _("Urgent")

    class Source(models.TextChoices):
        CHAT = "chat", _("Live chat")
        OFFLINE = "offline", _("Offline message")
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")
        API = "api", _("API")

    # A topic names one, too.
    Type = TicketType

    # Nobody has anything left to do with these.
    DONE = (Status.RESOLVED, Status.CLOSED)

    brand = models.ForeignKey(
        Brand, models.PROTECT, related_name="tickets", verbose_name=_("brand"), db_index=False
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, related_name="tickets", verbose_name=_("customer")
    )
    topic = models.ForeignKey(
        Topic,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("topic"),
    )
    team = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("team"),
        db_index=False,
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("agent"),
        db_index=False,
    )
    subject = models.CharField(_("subject"), max_length=200)
    status = models.CharField(
        pgettext_lazy("ticket", "status"), max_length=8, choices=Status, default=Status.NEW
    )
    priority = models.CharField(
        _("priority"), max_length=6, choices=Priority, default=Priority.NORMAL
    )
    type = models.CharField(_("type"), max_length=10, choices=Type, default=Type.REQUEST)
    source = models.CharField(_("source"), max_length=7, choices=Source)
    # Where its customer asked to be answered; "" where they are reached anyway.
    email = models.EmailField(blank=True, default="", editable=False)
    # Who else is written to: addresses.
    cc = models.JSONField(default=list)
    tags = models.ManyToManyField(Tag, through="TicketTag", related_name="+")
    language = models.CharField(max_length=2, choices=Language)
    # Where it came from: page, device, fields of the form.
    data = models.JSONField(default=dict)
    # Made in case nobody takes the chat: closed with its chat, and reopened with it.
    is_safety_net = models.BooleanField(default=False, editable=False)
    # Nobody works on it, it stands in no list but its own, and in no figure.
    is_spam = models.BooleanField(_("spam"), default=False)
    # What makes a repeated request the same ticket, such as "visitor:12:<cid>".
    origin_key = models.CharField(max_length=120, unique=True, null=True)
    last_seq = models.PositiveIntegerField(default=0)
    # The last public words and whose they were, for the list.
    preview = models.CharField(max_length=140, blank=True)
    preview_author = models.CharField(max_length=8, blank=True)
    # Folded subject, customer and words: what a search looks through.
    search = models.TextField(default="", editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("last change"), default=timezone.now)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        # Brands, teams and agents have those that begin with them; two more that PostgreSQL alone
        # has, for words and for filters, stand in the migration.
        indexes = [
            # All of them, newest change first.
            models.Index(fields=["-updated_at", "-id"], name="ticket_by_change"),
            # Waiting, and the filter by status.
            models.Index(fields=["status", "-updated_at", "-id"], name="ticket_by_status"),
            # One brand's, and roles that reach some brands.
            models.Index(fields=["brand", "-updated_at", "-id"], name="ticket_by_brand"),
            # Mine, its counter, and the filter by agent.
            models.Index(fields=["assignee", "-updated_at", "-id"], name="ticket_by_assignee"),
            # My teams', and the filter by team.
            models.Index(fields=["team", "-updated_at", "-id"], name="ticket_by_team"),
            # Unassigned and its counter: few among many that are done.
            models.Index(
                fields=["-updated_at", "-id"],
                condition=Q(assignee__isnull=True) & ~Q(status__in=["resolved", "closed"]),
                name="ticket_unassigned",
            ),
            # What waits for each: the counters of the folders, read from the index alone.
            models.Index(
                fields=["assignee", "team", "topic", "brand", "status"],
                condition=Q(status__in=["new", "open", "waiting", "on_hold"], is_spam=False),
                name="ticket_unfinished",
            ),
            # Whoever sees what is their own sees what nobody of their team has.
            models.Index(
                fields=["team"], condition=Q(assignee__isnull=True), name="ticket_free_by_team"
            ),
            # The same of whatever teams, newest change first.
            models.Index(
                fields=["-updated_at", "-id"],
                condition=Q(assignee__isnull=True),
                name="ticket_free_by_change",
            ),
            # Those of some days.
            models.Index(fields=["-created_at", "-id"], name="ticket_by_opening"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}"

    @property
    def is_untouched_net(self) -> bool:
        """Return whether it was made in case nobody takes a chat, and nobody has looked at it."""
        is_new = self.status == self.Status.NEW
        return self.is_safety_net and is_new and self.assignee_id is None

    @property
    def is_closed_net(self) -> bool:
        """Return whether it was closed along with the chat that somebody took."""
        is_resolved = self.status == self.Status.RESOLVED
        return self.is_safety_net and is_resolved and self.assignee_id is None

    @property
    def address(self) -> str:
        """Return where its customer is written to; wants contact loaded."""
        return self.email or self.contact.email

    @property
    def number(self) -> int:
        """Return what people call it by."""
        return self.pk
