"""Agents and what they are doing now."""

import secrets
from pathlib import PurePath
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models.brand import Language
from config.mail import own_spelling
from config.text.cleaning import initials


def new_public_id() -> str:
    """Return an opaque id of 96 random bits, safe to show to anybody."""
    return secrets.token_urlsafe(12)


class Status(models.TextChoices):
    """Only `online` receives work; `invisible` and `break` keep their open chats."""

    ONLINE = "online", _("Online")
    INVISIBLE = "invisible", _("Invisible")
    BREAK = "break", _("Break")
    OFFLINE = "offline", _("Offline")


class BreakReason(models.Model):
    """Why an agent is on a break; the list is the admin's."""

    name_tr = models.CharField(_("name (Turkish)"), max_length=60)
    name_en = models.CharField(_("name (English)"), max_length=60)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("active"), default=True)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("break reason")
        verbose_name_plural = _("break reasons")

    def __str__(self) -> str:
        return self.name_en

    def label(self, language: str) -> str:
        """Return the name in `language`."""
        return self.name_tr if language == Language.TURKISH else self.name_en


class AgentManager(BaseUserManager["Agent"]):
    """Creates agents by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Agent":
        """Save and return a new agent; `email` is stored in lower case."""
        agent = self.model(email=own_spelling(email), **fields)
        agent.set_password(password)
        agent.save()
        return agent

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Agent":
        """Save and return an admin who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Agent":
        """Find an agent whatever the case of the e-mail."""
        return self.get(email=own_spelling(username or ""))


class Agent(AbstractBaseUser, PermissionsMixin):
    """A person who answers; the user model."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("Same as the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("display name"), max_length=80)
    sort_name = models.CharField(max_length=400, editable=False, default="")
    avatar = models.ImageField(_("picture"), upload_to="avatars/", blank=True)
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.TURKISH
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/Istanbul")
    theme = models.CharField(_("theme"), max_length=6, choices=Theme, default=Theme.SYSTEM)
    capacity = models.PositiveSmallIntegerField(
        _("chats at once"),
        null=True,
        blank=True,
        help_text=_("Empty: the team's or the brand's limit."),
    )
    # Classes of notifications that are not wanted, and pairs of times that are quiet.
    notices_off = models.JSONField(default=list, editable=False)
    quiet = models.JSONField(default=list, editable=False)
    # A mail each morning with the tickets that wait, and the day of the last one.
    digest = models.BooleanField(default=False, editable=False)
    digest_on = models.DateField(null=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the administration"), default=False)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    status = models.CharField(
        _("status"), max_length=9, choices=Status, default=Status.OFFLINE, editable=False
    )
    break_reason = models.ForeignKey(
        BreakReason, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    status_since = models.DateTimeField(default=timezone.now, editable=False)
    # Since when this agent has had nothing new: the tie-breaker of routing.
    idle_since = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[AgentManager] = AgentManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        indexes = [
            # Routing: who is Online now.
            models.Index(fields=["status"], condition=Q(is_active=True), name="agent_by_status"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ", 1)[0]

    @property
    def initials(self) -> str:
        """Return up to two letters for the avatar."""
        return initials(self.name)

    @property
    def avatar_url(self) -> str:
        """Return the address of the picture; empty without one."""
        if not self.avatar:
            return ""
        return reverse(
            "agents:avatar", args=[self.public_id, PurePath(self.avatar.name or "").stem]
        )

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Let those who administer edit every row of the administration; roles decide the rest."""
        return self.is_active and (self.is_staff or self.is_superuser)

    def has_module_perms(self, app_label: str) -> bool:
        """Return whether any row of an app may be administered."""
        return self.has_perm(app_label)


class StatusInterval(models.Model):
    """One stretch of time in one status; the ledger of agent status reports."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="status_intervals")
    status = models.CharField(max_length=9, choices=Status)
    reason = models.ForeignKey(BreakReason, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # How many chats the agent could hold all the while: another limit begins another interval.
    capacity = models.PositiveSmallIntegerField()
    # Who changed it; null when the system did.
    actor = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agent"], condition=Q(ended_at=None), name="one_open_interval"
            ),
        ]
        indexes = [
            # Reports: the intervals of an agent in a range.
            models.Index(fields=["agent", "started_at"], name="interval_by_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.status} {self.started_at}"


class Presence(models.Model):
    """A lease: this web process holds a live socket of this agent (or a heartbeat by HTTP)."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="presences")
    process = models.CharField(max_length=40)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "process"], name="one_lease_per_process"),
        ]
        indexes = [
            # Renewal: one UPDATE per process.
            models.Index(fields=["process"], name="presence_by_process"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id}@{self.process}"
