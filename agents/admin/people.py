"""Agents, and why they take breaks."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ANYWHERE, ImeceAdmin, LabelledAdmin, listed
from agents.admin.kept import KeptAdmin, is_named
from agents.callers import signed_in
from agents.hours.zones import ZoneField
from agents.models import Agent, BreakReason, Permission, Role, Team
from agents.operations import (
    change_email,
    disable_agent,
    enable_agent,
    remove_second_step,
    renew_limits,
    request_password_reset,
    set_roles,
    set_teams,
)
from config.mail import own_spelling
from config.text.alphabet import in_alphabet
from config.text.folding import by_name, sort_key

if TYPE_CHECKING:
    _AgentForm = forms.ModelForm[Agent]
else:
    _AgentForm = forms.ModelForm


class AgentForm(_AgentForm):
    """A person with teams and own roles."""

    time_zone = ZoneField()
    teams = forms.ModelMultipleChoiceField(
        label=_("Teams"),
        queryset=Team.objects.order_by("sort_name", "name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    roles = forms.ModelMultipleChoiceField(
        label=_("Own roles"),
        queryset=Role.objects,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Besides those of the teams."),
    )

    class Meta:
        model = Agent
        fields = ("name", "email", "language", "time_zone", "capacity")

    # Set by the page: who is editing.
    editor: Agent

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles: Any = self.fields["roles"]
        roles.queryset = Role.objects.order_by(in_alphabet(Role.objects.all()))
        if self.instance.pk:
            self.initial["teams"] = self.instance.teams.all()
            self.initial["roles"] = Role.objects.filter(grants__agent=self.instance)

    def clean_email(self) -> str:
        """Store addresses in lower case, each once."""
        email: str = own_spelling(self.cleaned_data["email"])
        if Agent.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another agent has this e-mail."), code="unique")
        return email

    def clean(self) -> dict[str, Any]:
        """Keep people from locking themselves out of this page."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance == self.editor and not self.editor.is_superuser:
            given = Role.objects.filter(grants__team__in=cleaned.get("teams") or ())
            roles = [*(cleaned.get("roles") or ()), *given]
            if not any(Permission.ADMIN in role.permissions for role in roles):
                self.add_error("roles", _("You can't take the administration away from yourself."))
        return cleaned


@admin.register(Agent)
class AgentAdmin(ImeceAdmin):
    """The people: invited, given teams and roles, deactivated; never deleted."""

    form = AgentForm
    list_display = ["name", "email", "status_shown", "team_names", "role_names", "is_active"]
    list_filter = ["is_active", "status", "teams", "role_grants__role"]
    search_fields = ["name", "email"]
    search_help_text = _("Search by name or e-mail")
    ordering = ["sort_name", "name"]
    add_label = _("Invite an agent")
    actions = ["deactivate", "activate", "reset_password", "remove_second_step"]
    fieldsets = [
        (None, {"fields": ["name", "email", "language", "time_zone"]}),
        (_("Work"), {"fields": ["teams", "roles", "capacity"]}),
        (_("Account"), {"fields": ["is_active", "status_shown", "last_login", "joined"]}),
    ]
    readonly_fields = ["is_active", "status_shown", "last_login", "joined"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Load teams and roles along."""
        rows = super().get_queryset(request).select_related("break_reason")
        return rows.prefetch_related("teams", "role_grants__role")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Tell the form who is editing."""
        # Made for this request alone, so the attribute is nobody else's.
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.editor = signed_in(request)
        return form

    @admin.display(description=_("status"), ordering="status")
    def status_shown(self, agent: Agent) -> str:
        """The status in words, of a break with its reason."""
        reason = agent.break_reason
        words = [agent.get_status_display(), reason.label(get_language() or "en") if reason else ""]
        return " · ".join(filter(None, words))

    @admin.display(description=_("agent since"))
    def joined(self, agent: Agent) -> str:
        """When the account was made."""
        return date_format(timezone.localtime(agent.created_at), "DATETIME_FORMAT")

    @admin.display(description=_("teams"))
    def team_names(self, agent: Agent) -> str:
        """The teams of the person."""
        return listed(team.name for team in by_name(agent.teams.all()))

    @admin.display(description=_("own roles"))
    def role_names(self, agent: Agent) -> str:
        """The roles given to the person."""
        roles = by_name(grant.role for grant in agent.role_grants.all())
        return listed(role.name for role in roles)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Agents are invited: they choose their own password."""
        return HttpResponseRedirect(reverse("admin:agents_invitation_add"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a person said and did stays; the account is deactivated."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save name and preferences, and change the address by its operation."""
        obj.sort_name = sort_key(obj.name)[:400]
        obj.save(update_fields=["name", "sort_name", "language", "time_zone", "capacity"])
        self.note(request, "changed", obj, fields=form.changed_data)
        if "email" in form.changed_data:
            email = form.cleaned_data["email"]
            change_email(agent=obj, email=email, by=signed_in(request), now=timezone.now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Change teams and roles by the operations, which tell everyone concerned."""
        by, now = signed_in(request), timezone.now()
        set_teams(agent=form.instance, teams=form.cleaned_data["teams"], by=by, now=now)
        set_roles(roles=form.cleaned_data["roles"], of=form.instance, by=by, now=now)
        if "capacity" in form.changed_data:
            renew_limits(agents=[form.instance], by=by, now=now)

    @admin.action(description=_("Deactivate: sign out everywhere and lock"), location=ANYWHERE)
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Agent]) -> None:
        """Lock accounts, but not one's own."""
        by = signed_in(request)
        if queryset.filter(pk=by.pk).exists():
            self.message_user(request, gettext("You can't deactivate yourself."), messages.WARNING)
        chosen = list(queryset.filter(is_active=True).exclude(pk=by.pk))
        for agent in chosen:
            disable_agent(agent=agent, by=by, now=timezone.now())
        self.say(request, _("Deactivated: %(names)s"), chosen)

    @admin.action(description=_("Activate"), location=ANYWHERE)
    def activate(self, request: HttpRequest, queryset: QuerySet[Agent]) -> None:
        """Unlock accounts."""
        chosen = list(queryset.filter(is_active=False))
        for agent in chosen:
            enable_agent(agent=agent, by=signed_in(request))
        self.say(request, _("Activated: %(names)s"), chosen)

    @admin.action(description=_("Send a link to choose a new password"), location=ANYWHERE)
    def reset_password(self, request: HttpRequest, queryset: QuerySet[Agent]) -> None:
        """Have reset links sent."""
        chosen = list(queryset.filter(is_active=True))
        for agent in chosen:
            request_password_reset(email=agent.email)
        self.say(request, _("A link is on its way to: %(names)s"), chosen)

    @admin.action(description=_("Turn off two-step sign-in (lost phone)"), location=ANYWHERE)
    def remove_second_step(self, request: HttpRequest, queryset: QuerySet[Agent]) -> None:
        """Let people in who lost their phone."""
        chosen = list(queryset.filter(authenticator__isnull=False).distinct())
        for agent in chosen:
            remove_second_step(agent=agent, by=signed_in(request))
        self.say(request, _("Two-step sign-in is off for: %(names)s"), chosen)


@admin.register(BreakReason)
class BreakReasonAdmin(KeptAdmin, LabelledAdmin):
    """Why agents take a break."""

    list_display = ["label_here", "position", "is_active"]
    list_editable = ["position", "is_active"]
    search_fields = ["name_tr", "name_en"]
    ordering = ["position", "pk"]

    def kept_because(self, obj: BreakReason) -> str:
        """Keep what breaks were taken for: reports would lose it."""
        if not is_named(obj):
            return ""
        text = gettext(
            "“%(name)s” is not deleted: agents took breaks for it, and reports would lose it. "
            "Switch it off instead: then nobody can choose it."
        )
        return text % {"name": self.label_here(obj)}
