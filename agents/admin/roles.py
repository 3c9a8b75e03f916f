"""Roles, teams, reasons for a break."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.access import access_of
from agents.admin.base import ChoicesField, ImeceAdmin, LabelledAdmin, listed
from agents.callers import signed_in
from agents.models import Agent, BreakReason, Permission, Role, RoleGrant, Team
from agents.operations import access_changed, role_edited, set_members, set_roles
from agents.operations.roles import holders_of
from config.folding import sort_key

if TYPE_CHECKING:
    _RoleForm = forms.ModelForm[Role]
    _TeamForm = forms.ModelForm[Team]
else:
    _RoleForm = forms.ModelForm
    _TeamForm = forms.ModelForm

CHANNELS = [("web", _("Website"))]


class _LockedOut(Exception):
    """What was done takes the administration away from whoever did it."""


class KeepingAdmin(ImeceAdmin):
    """Undoes what would lock people out of these pages by their own hand."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Save, unless it locks out."""
        return self._kept(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Delete, unless it locks out."""
        return self._kept(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Do what was chosen in the list, unless it locks out."""
        return self._kept(request, super().changelist_view, *args, **kwargs)

    def _kept(self, request: HttpRequest, view: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        try:
            with transaction.atomic():
                answer = view(request, *args, **kw)
                if request.method == "POST" and not access_of(signed_in(request)).everything:
                    raise _LockedOut
        except _LockedOut:
            # The view has praised itself already.
            for _said in messages.get_messages(request):
                pass
            text = gettext("You can't take the administration away from yourself.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return answer


class RoleForm(_RoleForm):
    """A role as questions with checkboxes."""

    permissions = ChoicesField(label=_("May"), choices=Permission.choices)
    channels = ChoicesField(
        label=_("Channels"),
        choices=CHANNELS,
        required=False,
        help_text=_("None chosen: all channels."),
    )

    class Meta:
        model = Role
        fields = ("name", "permissions", "scope", "brands", "channels")
        widgets = {"scope": forms.RadioSelect}

    def clean(self) -> dict[str, Any]:
        """Don't let anybody believe that administering could be bounded."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        bounds = [name for name in ("brands", "channels") if cleaned.get(name)]
        if bounds and Permission.ADMIN in (cleaned.get("permissions") or ()):
            text = _("Whoever administers reaches everything: choose none here.")
            for name in bounds:
                self.add_error(name, text)
        return cleaned


@admin.register(Role)
class RoleAdmin(KeepingAdmin):
    """What people may do; given to a person on their page, to a team on its page."""

    form = RoleForm
    list_display = ["name", "permission_names", "scope", "brand_names", "holder_count"]
    list_filter = ["scope"]
    search_fields = ["name"]
    ordering = ["name"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Load brands and count holders along."""
        rows = super().get_queryset(request).prefetch_related("brands")
        return rows.annotate(_holders=Count("grants"))

    @admin.display(description=_("may"))
    def permission_names(self, role: Role) -> str:
        """The permissions in words."""
        names = dict(Permission.choices)
        return ", ".join(str(names[code]) for code in role.permissions if code in names)

    @admin.display(description=_("brands"))
    def brand_names(self, role: Role) -> str:
        """Where it holds."""
        return ", ".join(brand.name for brand in role.brands.all()) or str(_("all"))

    @admin.display(description=_("people and teams"), ordering="_holders")
    def holder_count(self, role: Any) -> int:
        """To how many people and teams it is given."""
        count: int = role._holders
        return count

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Let the holders feel the change once brands are saved as well."""
        super().save_related(request, form, formsets, change)
        if change and form.changed_data:
            role_edited(role=form.instance, by=signed_in(request), now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the role and what hung on it."""
        people = holders_of(obj)
        super().delete_model(request, obj)
        access_changed(agents=people, now=timezone.now())


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
        queryset=Role.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everyone in the team gets these, for this team's chats."),
    )

    class Meta:
        model = Team
        fields = ("name", "agents", "roles", "capacity", "auto_accept", "ring_seconds")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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
class TeamAdmin(KeepingAdmin):
    """Teams: who works together, and on what terms."""

    form = TeamForm
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
        return listed(grant.role.name for grant in team.role_grants.all())

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

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the team; its people lose what it gave them."""
        people = list(obj.agents.all())
        had_roles = RoleGrant.objects.filter(team=obj).exists()
        super().delete_model(request, obj)
        access_changed(agents=people, now=timezone.now(), roles=had_roles)


@admin.register(BreakReason)
class BreakReasonAdmin(LabelledAdmin):
    """Why agents take a break."""

    list_display = ["label_here", "position", "is_active"]
    list_editable = ["position", "is_active"]
    search_fields = ["name_tr", "name_en"]
    ordering = ["position", "pk"]
