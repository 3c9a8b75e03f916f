"""Who may do what: roles, invitations, API tokens."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agents.models.brand import Language


class Permission(models.TextChoices):
    """What a role can allow. Reading is bounded by the role's scope, brands and channels."""

    CHAT = "chat", _("Answer chats")
    ARCHIVE = "archive", _("Read the archive")
    SUPERVISE = "supervise", _("Watch, take over, change others' status")
    TICKETS = "tickets", _("Work on tickets")
    REPORTS = "reports", _("Read reports")
    EXPORT = "export", _("Export")
    ADMIN = "admin", _("Administer: may do everything")


class Role(models.Model):
    """A named set of permissions with a scope and brand and channel authorisation."""

    class Scope(models.TextChoices):
        OWN = "own", _("Own chats and own teams' queue")
        TEAM = "team", _("All chats of own teams")
        ALL = "all", _("All chats of the chosen brands")

    name = models.CharField(_("name"), max_length=60, unique=True)
    permissions = models.JSONField(_("permissions"), default=list)
    scope = models.CharField(_("scope"), max_length=4, choices=Scope, default=Scope.OWN)
    brands = models.ManyToManyField(
        "agents.Brand",
        blank=True,
        related_name="+",
        verbose_name=_("brands"),
        help_text=_("None chosen: all brands."),
    )
    # Channel names; empty means all channels.
    channels = models.JSONField(_("channels"), default=list, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return self.name


class RoleGrant(models.Model):
    """A role given to a person or to a team."""

    role = models.ForeignKey(Role, models.CASCADE, related_name="grants", verbose_name=_("role"))
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="role_grants",
        verbose_name=_("agent"),
    )
    team = models.ForeignKey(
        "agents.Team",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="role_grants",
        verbose_name=_("team"),
    )

    class Meta:
        verbose_name = _("role grant")
        verbose_name_plural = _("role grants")
        constraints = [
            models.CheckConstraint(
                condition=Q(agent__isnull=True, team__isnull=False)
                | Q(agent__isnull=False, team__isnull=True),
                name="grant_to_person_or_team",
            ),
            # A role is given once, also by two admins at the same moment.
            models.UniqueConstraint(fields=["role", "agent"], name="one_grant_to_a_person"),
            models.UniqueConstraint(fields=["role", "team"], name="one_grant_to_a_team"),
        ]

    def __str__(self) -> str:
        return f"{self.role_id} → {self.agent_id or self.team_id}"


class Invitation(models.Model):
    """A single-use link by which a new agent sets a password and enters."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("display name"), max_length=80)
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.TURKISH
    )
    role = models.ForeignKey(
        Role, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("role")
    )
    teams = models.ManyToManyField(
        "agents.Team", blank=True, related_name="+", verbose_name=_("teams")
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("invited by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"), editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return self.email


class ApiToken(models.Model):
    """A bearer token of an agent; shown once, stored hashed."""

    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=60)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name
