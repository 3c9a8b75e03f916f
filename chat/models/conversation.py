"""Conversations."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Brand, Channel, Language, Team, Topic
from agents.models.agent import new_public_id
from chat.models.querysets import IN_LINE_SINCE, ConversationQuerySet
from chat.models.visitor import Visitor
from tickets.models import Contact, Ticket
from tickets.models.querysets import (
    contacts_also_answered_in,
    contacts_also_known_to,
    contacts_also_seen_in,
)


class Conversation(models.Model):
    """One exchange, from first word to resolve."""

    class Kind(models.TextChoices):
        CUSTOMER = "customer", _("Customer chat")
        TEAM = "team", _("Team chat")
        # Somebody who administers tries out what happens: it is counted and listed nowhere.
        REHEARSAL = "rehearsal", _("Rehearsal")

    class Status(models.TextChoices):
        BOT = "bot", _("Answered automatically")
        QUEUED = "queued", _("In queue")
        ACTIVE = "active", _("Active")
        WAITING = "waiting", _("Waiting")
        WRAP_UP = "wrap_up", _("Wrap-up")
        RESOLVED = "resolved", _("Resolved")

    class Outcome(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        ABANDONED = "abandoned", _("Abandoned")
        TIMED_OUT = "timed_out", _("Timed out")
        CONVERTED = "converted", _("Converted to ticket")
        OFFLINE = "offline", _("Offline")
        SPAM = "spam", _("Spam")

    class Form(models.TextChoices):
        """Why the offline form is offered, in the words of the wire."""

        NOBODY = "nobody", _("Nobody is Online")
        FULL = "full", _("Everybody is busy")
        HOURS = "hours", _("Closed")

    OPEN = (Status.BOT, Status.QUEUED, Status.ACTIVE, Status.WAITING)
    # What a chat's priority grows by while it stands at the head of the queue. Without it every
    # priority is between -500 and 500.
    HEAD = 1000

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id, editable=False)
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.CUSTOMER)
    brand = models.ForeignKey(Brand, models.PROTECT, related_name="conversations")
    visitor = models.ForeignKey(Visitor, models.PROTECT, null=True, related_name="conversations")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="conversations"
    )
    channel = models.CharField(max_length=16, choices=Channel)
    language = models.CharField(max_length=2, choices=Language)
    topic = models.ForeignKey(Topic, models.SET_NULL, null=True, blank=True, related_name="+")
    topic_text = models.CharField(max_length=120, blank=True)
    # The topic the chat was resolved with decides reports; the visitor's own choice is kept.
    chosen_topic = models.ForeignKey(
        Topic, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Whose queue it stands in. Null: every team of its topic, else the brand's default team.
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="+")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="conversations"
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)
    priority = models.SmallIntegerField(default=0)
    # Whether it takes one of its assignee's slots (active, or wrap-up before the cap).
    holds_slot = models.BooleanField(default=False)
    # Why the visitor in line was offered the offline form; empty when they were not.
    form_offered = models.CharField(max_length=6, choices=Form, blank=True)
    # Not in line, or not offered there, before: rules may still run on it. Once let go, null.
    held_until = models.DateTimeField(null=True)
    # The agent who vanished from it, and gets it back first while it is still in the queue.
    returning_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # The agent it was transferred away from, and when: not given straight back to them.
    passed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    passed_at = models.DateTimeField(null=True)
    ticket = models.ForeignKey(
        Ticket, models.SET_NULL, null=True, blank=True, related_name="conversations"
    )

    # Counters of the two audiences; the next entry gets last + 1 under the row lock.
    last_seq = models.PositiveIntegerField(default=0)
    last_visitor_seq = models.PositiveIntegerField(default=0)
    # The visitor's marks, in the visitor's counter.
    visitor_read_seq = models.PositiveIntegerField(default=0)
    visitor_delivered_seq = models.PositiveIntegerField(default=0)
    # The highest agent mark, in the visitor's counter: what the visitor sees as read.
    agents_read_seq = models.PositiveIntegerField(default=0)
    agents_delivered_seq = models.PositiveIntegerField(default=0)

    # Name and e-mail as given in the form, and custom fields.
    fields = models.JSONField(default=dict)
    # {"url", "title", "referrer"} where the chat started.
    page = models.JSONField(default=dict)

    # The list row: newest message, and since when the visitor waits for an answer.
    preview = models.CharField(max_length=140, blank=True)
    preview_author = models.CharField(max_length=8, blank=True)
    last_message_at = models.DateTimeField(null=True)
    unanswered_since = models.DateTimeField(null=True)
    # When somebody was last alerted that this wait is too long.
    late_told_at = models.DateTimeField(null=True)

    created_at = models.DateTimeField(default=timezone.now)
    # Kept through transfers: the start of the wait.
    queued_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # The visitor's newest rating, 1 to 5; the words to it stand in the timeline.
    rating = models.PositiveSmallIntegerField(null=True)
    is_demo = models.BooleanField(default=False, editable=False)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        constraints = [
            models.UniqueConstraint(
                fields=["visitor", "brand"],
                condition=Q(kind="customer", status__in=["bot", "queued", "active", "waiting"]),
                name="one_open_chat",
            ),
            # An empty one would be routed to nobody without any error.
            models.CheckConstraint(condition=~Q(channel=""), name="chat_has_a_channel"),
        ]
        indexes = [
            # Routing and position: the queue in order.
            models.Index(
                F("priority").desc(),
                IN_LINE_SINCE,
                "id",
                condition=Q(status="queued"),
                name="chat_queue",
            ),
            # Capacity and Mine: an agent's unresolved chats.
            models.Index(
                fields=["assignee", "status"],
                condition=~Q(status="resolved"),
                name="chat_by_assignee",
            ),
            # Archive: newest resolved first, all or one brand.
            models.Index(
                fields=["-resolved_at"], condition=Q(status="resolved"), name="chat_archive"
            ),
            models.Index(
                fields=["brand", "-resolved_at"],
                condition=Q(status="resolved"),
                name="chat_archive_by_brand",
            ),
            # Sweeper: wrap-ups that still hold a slot, and chats that rules held back.
            models.Index(
                fields=["ended_at"],
                condition=Q(status="wrap_up", holds_slot=True),
                name="chat_wrapping_up",
            ),
            models.Index(
                fields=["held_until"], condition=Q(held_until__isnull=False), name="chat_held"
            ),
            # Wait estimate: the newest chats of a brand that an agent had.
            models.Index(
                fields=["brand", "-ended_at"],
                condition=Q(accepted_at__isnull=False, ended_at__isnull=False),
                name="chat_handled",
            ),
            # Customer panel: earlier chats of a visitor.
            models.Index(fields=["visitor", "-created_at"], name="chat_by_visitor"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        """Return whether messages may still come and go without reopening."""
        return self.status in self.OPEN

    @property
    def is_left_to_ticket(self) -> bool:
        """Return whether what its customer says now is answered in its ticket: it is over.

        One whose ticket was closed along with it is reopened by such words.
        """
        is_over = self.status == self.Status.RESOLVED and self.outcome != self.Outcome.SPAM
        return is_over and self.ticket is not None and not self.ticket.is_closed_net

    def is_held(self, now: datetime) -> bool:
        """Return whether rules still run on it before it stands in line: nobody sees it there.

        One that stands there already keeps its place, and is only not offered meanwhile.
        """
        return self.queued_at is None and self.held_until is not None and self.held_until > now

    @property
    def in_line_since(self) -> datetime | None:
        """Return from when it has its place in line, also if nobody has let it go yet."""
        return self.queued_at or self.held_until

    @property
    def is_parked(self) -> bool:
        """Return whether a rule lets it wait for its customer: nobody has it."""
        return self.status == self.Status.WAITING and self.assignee_id is None

    @property
    def is_at_head(self) -> bool:
        """Return whether it goes before all chats that never had an agent."""
        return self.priority > self.HEAD // 2


contacts_also_seen_in(lambda access: Conversation.objects.visible_to(access).values("contact"))
contacts_also_known_to(
    lambda contact_id: Conversation.objects.filter(contact=contact_id).values_list("brand")
)
contacts_also_known_to(
    lambda contact_id: Visitor.objects.filter(contact=contact_id).values_list("brand")
)
contacts_also_answered_in(
    lambda contact_id, access: Conversation.objects.open_unseen(contact_id, access)
)
