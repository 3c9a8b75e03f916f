"""Teams."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import AnnouncedAdmin, listed
from agents.admin.hours import HoursPages
from agents.admin.keeping import KeepingAdmin
from agents.admin.kept import KeptAdmin, is_named
from agents.callers import signed_in
from agents.models import Agent, Role, RoleGrant, Team
from agents.operations import access_changed, renew_limits, set_members, set_roles
from config.text.alphabet import in_alphabet
from config.text.folding import by_name, sort_key

if TYPE_CHECKING:
    _TeamForm = forms.ModelForm[Team]
else:
    _TeamForm = forms.ModelForm


class TeamForm(_TeamForm):
    """A team with its people and roles."""

    agents = forms.ModelMultipleChoiceField(
        label=_("Agents"),
        queryset=Agent.objects.filter(is_active=True).order_by("sort_name", "name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    roles = forms.ModelMultipleChoiceField(
        label=_("Roles"),
        queryset=Role.objects,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everyone in the team gets these, for this team's chats."),
    )

    class Meta:
        model = Team
        fields = ("name", "agents", "roles", "capacity", "auto_accept", "ring_seconds")
        help_texts = {
            "ring_seconds": _("How long a chat rings at one agent before it goes to the next."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles: Any = self.fields["roles"]
        roles.queryset = Role.objects.order_by(in_alphabet(Role.objects.all()))
        if self.instance.pk:
            self.initial["agents"] = self.instance.agents.all()
            self.initial["roles"] = Role.objects.filter(grants__team=self.instance)

    def clean_ring_seconds(self) -> int:
        """Keep the ring between the humanly possible and the patience of a visitor."""
        seconds: int = self.cleaned_data["ring_seconds"]
        if not 5 <= seconds <= 600:
            raise forms.ValidationError(_("Between 5 and 600 seconds."), code="range")
        return seconds

    def _save_m2m(self) -> None:
        """Leave people and roles to the operations."""


@admin.register(Team)
class TeamAdmin(AnnouncedAdmin, HoursPages, KeptAdmin, KeepingAdmin):
    """Teams: who works together, and on what terms."""

    form = TeamForm
    readonly_fields = ("hours_shown",)
    list_display = ["name", "member_count", "role_names", "capacity", "auto_accept"]
    list_filter = ["auto_accept"]
    search_fields = ["name", "agents__name"]
    ordering = ["sort_name", "name"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Count members and load roles along."""
        rows = super().get_queryset(request).prefetch_related("role_grants__role")
        return rows.annotate(_members=Count("agents", distinct=True))

    @admin.display(description=_("agents"), ordering="_members")
    def member_count(self, team: Any) -> int:
        """How many people it has."""
        count: int = team._members
        return count

    @admin.display(description=_("roles"))
    def role_names(self, team: Any) -> str:
        """The roles of the team."""
        roles = by_name(grant.role for grant in team.role_grants.all())
        return listed(role.name for role in roles)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep the key by which lists are sorted."""
        obj.sort_name = sort_key(obj.name)[:400]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Change members and roles by the operations, which tell everyone concerned."""
        super().save_related(request, form, formsets, change)
        by, now = signed_in(request), timezone.now()
        kept = form.instance.agents.filter(is_active=False)
        members = [*form.cleaned_data["agents"], *kept]
        set_roles(roles=form.cleaned_data["roles"], of=form.instance, by=by, now=now)
        set_members(team=form.instance, agents=members, by=by, now=now)
        if "capacity" in form.changed_data:
            renew_limits(agents=members, by=by, now=now)

    def kept_because(self, obj: Team) -> str:
        """Keep whose chats and tickets were: reports would lose it."""
        if not is_named(obj):
            return ""
        text = gettext(
            "“%(name)s” is not deleted: chats, tickets or a brand name it, and reports would lose "
            "it. Take it off the topics and brands and its agents out of it instead: then it gets "
            "no chats."
        )
        return text % {"name": obj.name}

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the team; its people lose what it gave them."""
        people = list(obj.agents.all())
        had_roles = RoleGrant.objects.filter(team=obj).exists()
        super().delete_model(request, obj)
        access_changed(agents=people, now=timezone.now(), roles=had_roles)
