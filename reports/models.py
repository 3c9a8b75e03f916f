"""Facts: what the ledger says of each stay and ticket, in the columns that figures add up.

A chat that is reopened is a new stay. Facts hold nothing of their own: they are written anew,
whole, from the lines of their chat or ticket, and `rebuild_metrics` makes all of them again.
"""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from agents.access import Access, Reach, any_of, of_teams
from agents.models import Brand, Channel, Permission, Role, Team, Topic
from agents.models.agent import new_public_id
from chat.models import Conversation
from reports.tagged import TagsOfChat
from tickets.models import Ticket


class ChatFactQuerySet(models.QuerySet[Any]):
    """Stays."""

    def counted(self) -> Self:
        """Keep what stands in figures."""
        return self.filter(counted())

    def visible_to(self, access: Access) -> Self:
        """Keep what roles with *reports* reach; own means: the agent had it for a while."""
        own = StintFact.objects.filter(agent=access.agent_id).values("stay")
        allowed = any_of(within(reach, Q(pk__in=own)) for reach in _reaches(access))
        return self.none() if allowed is None else self.filter(allowed)


def counted() -> Q:
    """Return the condition of what stands in figures: no spam, and no demo beside real brands."""
    found = ~Q(outcome=Conversation.Outcome.SPAM)
    if demo := demo_beside_real():
        found &= ~Q(brand__in=demo)
    return found


def demo_beside_real() -> list[int]:
    """Return the keys of demo brands; none where there are no others."""
    brands = dict(Brand.objects.values_list("pk", "is_demo"))
    demo = [pk for pk, is_demo in brands.items() if is_demo]
    return demo if len(demo) < len(brands) else []


def _reaches(access: Access) -> tuple[Reach, ...]:
    return access.reaches(Permission.REPORTS)


def within(reach: Reach, own: Q) -> Q:
    """Return the condition of what one role reaches; `own`: what is the agent's themselves."""
    rows = Q()
    if reach.scope == Role.Scope.TEAM:
        rows = own | of_teams(reach.team_ids)
    elif reach.scope == Role.Scope.OWN:
        rows = own
    return rows & reach.brands() & reach.channel()


class ChatFact(models.Model):
    """One stay of a chat: from its start, or from when it was reopened, to the next."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="facts")
    tagged = TagsOfChat()
    number = models.PositiveSmallIntegerField()
    # The chat's last line when this was written.
    upto_seq = models.PositiveIntegerField()

    # Without indexes of their own: a year would be read in their order, row by row, to group it.
    brand = models.ForeignKey(Brand, models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=16, choices=Channel)
    topic = models.ForeignKey(Topic, models.SET_NULL, null=True, related_name="+", db_index=False)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+", db_index=False)
    started_by = models.CharField(max_length=7)

    started_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    first_reply_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    rated_at = models.DateTimeField(null=True)
    # When the next stay began.
    reopened_at = models.DateTimeField(null=True)

    outcome = models.CharField(max_length=9, blank=True)
    # How it ended, as its line says; "form" where the visitor was sent to the form.
    because = models.CharField(max_length=9, blank=True)
    score = models.PositiveSmallIntegerField(null=True)
    messages = models.PositiveIntegerField()
    # The visitor stood unanswered at the end; a rule had it wait then, and nobody had answered.
    was_dropped = models.BooleanField(default=False)
    is_held = models.BooleanField(default=False)
    # A person said something to the visitor, in this stay or in one after it.
    was_answered = models.BooleanField(default=False)
    # In the visitor's counter: once they have it, they were asked for a rating. Null: they aren't.
    survey_seq = models.PositiveIntegerField(null=True)

    # Seconds; null where there is nothing to measure.
    wait = models.FloatField(null=True)
    first_response = models.FloatField(null=True)
    reaction = models.FloatField(null=True)
    session_duration = models.FloatField(null=True)
    # How long one who stood in line and heard nobody stayed.
    wait_left = models.FloatField(null=True)
    # From the chat's own start to when this stay was resolved.
    resolution = models.FloatField(null=True)
    engaged = models.FloatField(null=True)
    # The same, but only while the brand was open, by the hours that held as the stay began.
    wait_open = models.FloatField(null=True)
    wait_left_open = models.FloatField(null=True)
    first_response_open = models.FloatField(null=True)
    reaction_open = models.FloatField(null=True)
    resolution_open = models.FloatField(null=True)

    # Who had it last, who answered first, and whom the rating is about.
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    first_reply_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    rated_agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    objects = ChatFactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "number"], name="one_fact_a_stay"),
        ]
        indexes = [
            models.Index(fields=["started_at"], name="fact_by_start"),
            models.Index(fields=["queued_at"], name="fact_by_queue"),
            models.Index(fields=["ended_at"], name="fact_by_end"),
            models.Index(
                fields=["rated_at"], condition=Q(rated_at__isnull=False), name="fact_by_rating"
            ),
            models.Index(fields=["resolved_at"], name="fact_by_resolution"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id}#{self.number}"


class OfStay(models.Model):
    """What happened in a stay, with what it is filtered by: a year of them is not joined."""

    # Goes with its stay: without an index of its own nobody could look for it here.
    conversation = models.ForeignKey(
        Conversation, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    tagged = TagsOfChat()
    brand = models.ForeignKey(Brand, models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=16, choices=Channel)
    topic = models.ForeignKey(Topic, models.SET_NULL, null=True, related_name="+", db_index=False)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+", db_index=False)
    started_by = models.CharField(max_length=7)
    outcome = models.CharField(max_length=9, blank=True)

    class Meta:
        abstract = True


class StintFact(OfStay):
    """One stretch of time in which an agent had a chat."""

    stay = models.ForeignKey(ChatFact, models.CASCADE, related_name="stints")
    # When the stay ended, whoever had it then.
    stay_ended_at = models.DateTimeField(null=True)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # Whether the agent wrote to the visitor in this stay; and of those stints the first of the
    # agent, and the first of all: so a session is counted once without sorting a year of them.
    answered = models.BooleanField()
    is_agents_session = models.BooleanField(default=False)
    is_session = models.BooleanField(default=False)
    talk = models.FloatField(null=True)
    # The wrap-up after it; null where there was none, or it lasts.
    acw = models.FloatField(null=True)
    # The same without the seconds in which the agent wrote in other chats.
    acw_net = models.FloatField(null=True)
    # Beginning, end, and when the slot is free again (while a wrap-up lasts: at its cap), as
    # microseconds since 1970: hundreds of thousands of them are read at a time.
    begun = models.BigIntegerField()
    over = models.BigIntegerField(null=True)
    freed = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["agent", "started_at"], name="stint_by_agent"),
            models.Index(fields=["stay_ended_at"], name="stint_by_end"),
            # Chats at once: what goes on in a range.
            models.Index(fields=["freed"], name="stint_by_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.stay_id}"


class Word(OfStay):
    """An agent said something to the visitor."""

    stay = models.ForeignKey(ChatFact, models.CASCADE, related_name="said")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    said_at = models.DateTimeField()
    # How long the first of the visitor's unanswered words had stood; null where none did.
    seconds = models.FloatField(null=True)
    # The same, but only while the brand was open, by the hours that held as the stay began.
    seconds_open = models.FloatField(null=True)

    class Meta:
        indexes = [
            # Of all agents: in the order of one index by agent a year would be read row by row.
            models.Index(fields=["said_at"], name="word_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.stay_id}"


class MissedOffer(OfStay):
    """A chat rang at an agent who did not take it in time."""

    stay = models.ForeignKey(ChatFact, models.CASCADE, related_name="missed_offers")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    missed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["missed_at"], name="missed_offer_by_time")]

    def __str__(self) -> str:
        return f"{self.agent_id} missed {self.stay_id}"


class TicketFact(models.Model):
    """What the lines of a ticket say, with what it is filtered and grouped by."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="+")
    # Neither spam nor closed along with its chat.
    is_counted = models.BooleanField()

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="+", db_index=False)
    topic = models.ForeignKey(Topic, models.SET_NULL, null=True, related_name="+", db_index=False)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+", db_index=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    type = models.CharField(max_length=10, choices=Ticket.Type)
    status = models.CharField(max_length=8, choices=Ticket.Status)
    priority = models.CharField(max_length=6, choices=Ticket.Priority)
    source = models.CharField(max_length=7, choices=Ticket.Source)

    created_at = models.DateTimeField()
    first_reply_at = models.DateTimeField(null=True)
    first_resolved_at = models.DateTimeField(null=True)
    last_resolved_at = models.DateTimeField(null=True)
    first_reopened_at = models.DateTimeField(null=True)

    # Seconds since it was opened; null where there is nothing to measure.
    first_reply = models.FloatField(null=True)
    first_resolution = models.FloatField(null=True)
    resolution = models.FloatField(null=True)
    # How long it was in statuses in which one waits for the other: told once it is done.
    requester_wait = models.FloatField(null=True)
    agent_wait = models.FloatField(null=True)
    # The same, but only while the brand was open, by the hours that held as it was opened.
    first_reply_open = models.FloatField(null=True)
    first_resolution_open = models.FloatField(null=True)
    resolution_open = models.FloatField(null=True)
    requester_wait_open = models.FloatField(null=True)
    agent_wait_open = models.FloatField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="ticket_fact_by_opening"),
            models.Index(fields=["last_resolved_at"], name="ticket_fact_by_end"),
            models.Index(fields=["first_resolved_at"], name="ticket_fact_by_first_end"),
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_id}"


class Export(models.Model):
    """A long file that somebody asked for: how far it is, and where."""

    class Form(models.TextChoices):
        CSV = "csv", _("CSV")
        EXCEL_CSV = "excel-csv", _("CSV for Excel")
        XLSX = "xlsx", _("Excel")

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=20)
    # What stood in the address.
    wish = models.JSONField(default=dict)
    form = models.CharField(max_length=9, choices=Form)
    # Rows that are written.
    done = models.PositiveIntegerField(default=0)
    is_failed = models.BooleanField(default=False)
    file = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="export_by_expiry")]

    def __str__(self) -> str:
        return f"{self.name} {self.form}"


class Targets(models.Model):
    """What a wallboard should not pass: of one brand, or of all that have none of their own."""

    brand = models.OneToOneField(Brand, models.CASCADE, null=True, related_name="+")
    # Chats in line, and how long the first of them may wait.
    queue = models.PositiveSmallIntegerField(default=3)
    wait_seconds = models.PositiveIntegerField(default=60)
    # Percent.
    service_level = models.PositiveSmallIntegerField(default=80)

    class Meta:
        constraints = [
            # Two who save at once: those of all brands are one row, too.
            models.UniqueConstraint(Coalesce("brand", 0), name="targets_once"),
        ]

    def __str__(self) -> str:
        return f"{self.brand_id}: {self.queue}, {self.wait_seconds}, {self.service_level}"


class Screen(models.Model):
    """A wallboard on a screen that nobody is signed in at: it shows what its maker may see."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id)
    name = models.CharField(max_length=60)
    brand = models.ForeignKey(Brand, models.CASCADE, null=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # Of the link that is opened there once, and then of the cookie that it is swapped for.
    link_hash = models.CharField(max_length=64, unique=True, null=True)
    link_expires_at = models.DateTimeField()
    token_hash = models.CharField(max_length=64, unique=True, null=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
