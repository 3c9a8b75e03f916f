"""Rules, automatic answers, how far they have looked at each chat and what they did; what agents
were told."""

import secrets
from typing import Any, Self

from django.db import models
from django.db.models import Case, When
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.models import Agent, Brand, Device, Notice
from chat.models import Conversation
from config.secrets import EncryptedField
from config.text.folding import sort_key
from tickets.models import Ticket

# Of rules whose groups are numbered.
RULE_ORDER = ("group_number", "position", "pk")


class RuleQuerySet(models.QuerySet[Any]):
    """Rules."""

    def in_order(self) -> Self:
        """Sort them as they are looked at, and number their groups.

        Groups stand as in a dictionary: no two databases agree on the order of texts.
        """
        groups = set(Rule.objects.order_by().values_list("group", flat=True).distinct())
        in_order = sorted(groups, key=lambda group: (sort_key(group), group))
        cases = [When(group=group, then=number) for number, group in enumerate(in_order)]
        numbered = self.annotate(group_number=Case(*cases, default=0))
        return numbered.order_by(*RULE_ORDER)


class Rule(models.Model):
    """What shall happen by itself, and when."""

    class Mode(models.TextChoices):
        OFF = "off", _("Off")
        TRIAL = "trial", _("Trial")
        ON = "on", _("On")

    class When(models.TextChoices):
        INCOMING = "incoming", _("A chat or message comes in")
        UPDATED = "updated", _("Something happens in a chat")
        TIME = "time", _("Time passes")

    class Subject(models.TextChoices):
        CHAT = "chat", _("Chats")
        TICKET = "ticket", _("Tickets")
        BOTH = "both", _("Chats and tickets")

    name = models.CharField(_("name"), max_length=80)
    mode = models.CharField(_("mode"), max_length=5, choices=Mode, default=Mode.OFF)
    when = models.CharField(_("when"), max_length=8, choices=When)
    # Of time rules: {"since": …, "minutes": n}.
    after = models.JSONField(default=dict, blank=True)
    subject = models.CharField(_("looks at"), max_length=6, choices=Subject, default=Subject.CHAT)
    brand = models.ForeignKey(
        Brand, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("brand")
    )
    # The heading it stands under in the list.
    group = models.CharField(_("group"), max_length=80, blank=True)
    position = models.IntegerField(_("position"), default=0)
    # "once", "every" or {"minutes": n}.
    fires = models.JSONField(default=str)
    # Of rules of one family only one acts in a stay, if they act once.
    family = models.CharField(max_length=40, blank=True)
    # Trees of conditions: all of these, and one of those where there are any.
    all = models.JSONField(default=list, blank=True)
    any = models.JSONField(default=list, blank=True)
    actions = models.JSONField(default=list)
    stop = models.BooleanField(_("no further rule after it"), default=False)
    # Which ready recipe made it.
    recipe = models.CharField(max_length=40, blank=True)
    # Events before it are none of its business: it was off, or not there.
    on_since = models.DateTimeField(default=timezone.now)
    # Why nobody but the product switched it off.
    switched_off = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    # None: nobody but the product, or somebody who is gone.
    changed_by = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")

    def __str__(self) -> str:
        return self.name


class AutoReply(models.Model):
    """What is said by itself in the thread when a brand's chat comes into a state."""

    class State(models.TextChoices):
        WELCOME = "welcome", pgettext_lazy("automatic answer", "Welcome")
        BUSY = "busy", _("Everyone is busy")
        OFFLINE = "offline", _("Nobody is there")
        CLOSED = "closed", _("Closed")
        IDLE = "idle", _("The customer is silent")
        CLOSING = "closing", _("The chat is over")

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=State)
    is_on = models.BooleanField(default=False)
    # By language; what is missing is said in the standard words.
    texts = models.JSONField(default=dict)
    # What happened before is not answered: it was off.
    on_since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "state"], name="one_reply")]

    def __str__(self) -> str:
        return f"{self.brand_id} {self.state}"


class Edition(models.Model):
    """The one row that says which edition of the rules is in force."""

    version = models.CharField(max_length=32)


class Cursor(models.Model):
    """Up to which line of its timeline the rules have looked at a chat or ticket, and who looks."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, null=True, related_name="+")
    ticket = models.OneToOneField(Ticket, models.CASCADE, null=True, related_name="+")
    seq = models.PositiveIntegerField()
    # The line that is decided but not done yet: its runs stand.
    decided = models.PositiveIntegerField(default=0)
    holder = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)


class Run(models.Model):
    """One rule met one event: what it saw, and what it did."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="runs", verbose_name=_("rule"))
    # Where: in a chat, or in a ticket.
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, null=True, related_name="rule_runs"
    )
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="rule_runs")
    # Rule and event: decided once.
    key = models.CharField(max_length=80, unique=True)
    # The line it was about; null for time rules.
    seq = models.PositiveIntegerField(null=True)
    mode = models.CharField(_("mode"), max_length=5, choices=Rule.Mode)
    matched = models.BooleanField(default=True)
    # Why it did nothing.
    reason = models.CharField(max_length=40, blank=True)
    stay = models.PositiveIntegerField(default=0)
    family = models.CharField(max_length=40, blank=True)
    depth = models.PositiveSmallIntegerField(default=1)
    chain = models.JSONField(default=list)
    nodes = models.JSONField(default=list)
    # The actions as the rule said then.
    actions = models.JSONField(default=list)
    # The words of the event, for actions that read them.
    text = models.TextField(blank=True)
    was_taken = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("run of a rule")
        verbose_name_plural = _("runs of rules")
        indexes = [
            # The log of a rule, and how often it ran.
            models.Index(fields=["rule", "-at"], name="run_by_rule"),
            # Whether a rule has acted in this stay.
            models.Index(fields=["conversation", "family"], name="run_by_chat"),
            models.Index(fields=["ticket", "family"], name="run_by_ticket"),
            # Forgetting old ones.
            models.Index(fields=["at"], name="run_by_time"),
        ]

    def __str__(self) -> str:
        return str(self.rule)

    def outcomes(self) -> list[tuple[bool, str]]:
        """Return of each action whether it was done, and if not, why.

        An action that was never begun has the reason of the one before, which stopped it. The
        first effect is no action: it tells the timeline.
        """
        tried = {effect.position: effect for effect in self.effects.all()}
        found = [(False, "")]
        for position in range(len(self.actions) + 1):
            effect = tried.get(position)
            found.append((effect.done, effect.reason) if effect else (False, found[-1][1]))
        return found[2:]


class Effect(models.Model):
    """One action of a run was tried: it is not tried again."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="effects")
    position = models.PositiveSmallIntegerField()
    done = models.BooleanField()
    reason = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="effect_once")]


class Tally(models.Model):
    """How often a rule was looked at on a day, and how often it held."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="tallies")
    day = models.DateField()
    looked = models.PositiveIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "day"], name="tally_by_day")]


class Rehearsal(models.Model):
    """Somebody who administers tried out a chat from the first word to the archive."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", verbose_name=_("agent"))
    brand = models.ForeignKey(Brand, models.CASCADE, related_name="+", verbose_name=_("brand"))
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.RUNNING)
    # In order: {"step", "ms", "note"}.
    steps = models.JSONField(default=list)
    # Why the next step did not come.
    reason = models.CharField(max_length=20, blank=True)
    started_at = models.DateTimeField(_("when"), default=timezone.now)
    # Since when the next step is waited for.
    waits_since = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")

    def __str__(self) -> str:
        began = date_format(timezone.localtime(self.started_at), "SHORT_DATETIME_FORMAT")
        return f"{self.brand} {began}"


def new_push() -> str:
    """Return 128 random bits, as text."""
    return secrets.token_urlsafe(16)


class PushSetup(models.Model):
    """The one row of how devices are reached: our own keys, and the app's account at Google."""

    vapid_private = EncryptedField(editable=False)
    vapid_public = models.CharField(max_length=100, blank=True, editable=False)
    account = EncryptedField(_("service account"))
    project = models.CharField(_("project"), max_length=80, blank=True, editable=False)

    class Meta:
        verbose_name = _("phones and browsers")
        verbose_name_plural = _("phones and browsers")

    def __str__(self) -> str:
        return capfirst(str(self._meta.verbose_name))


class Notification(models.Model):
    """Something that agents were told of, once."""

    # What happened: told once, however often a worker hears of it.
    key = models.CharField(max_length=80, unique=True)
    # Empty: a test.
    notice = models.CharField(max_length=8, choices=Notice, blank=True)
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, related_name="+")
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="+")
    # The line it tells of.
    seq = models.PositiveIntegerField(null=True)
    # What it says, where that stands in no line: the words of a rule.
    title = models.CharField(max_length=80, blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # When a chat was last told of.
            models.Index(fields=["conversation", "notice", "-at"], name="notified_chat"),
            # Forgetting old ones.
            models.Index(fields=["at"], name="notified_at"),
        ]

    def __str__(self) -> str:
        return self.key


class Delivery(models.Model):
    """A notification on its way to one device."""

    class State(models.TextChoices):
        WAITING = "waiting", _("on its way")
        SENT = "sent", _("handed over")
        SKIPPED = "skipped", _("not needed any more")
        FAILED = "failed", _("refused")
        EXPIRED = "expired", _("too late")

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="deliveries")
    device = models.ForeignKey(Device, models.CASCADE, related_name="+")
    # Names this push to the device, and lets the device answer it without a session.
    push = models.CharField(max_length=22, unique=True, default=new_push)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    # Handed over then, or nobody knows: whoever sends it again doesn't ring again.
    begun_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    # Nothing there any more, and the device has been told so.
    is_withdrawn = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notification", "device"], name="told_once"),
        ]
        indexes = [
            # What a device has been sent lately, and what comes before.
            models.Index(fields=["device", "-id"], name="delivered_to"),
        ]

    def __str__(self) -> str:
        return f"{self.notification_id} → {self.device_id} {self.state}"
