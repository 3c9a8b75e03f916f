"""Roles."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ChoicesField
from agents.admin.keeping import KeepingAdmin
from agents.callers import signed_in
from agents.models import Channel, Permission, Role
from agents.operations import access_changed, role_edited
from agents.operations.roles import holders_of
from config.text.alphabet import in_alphabet
from config.text.folding import by_name

if TYPE_CHECKING:
    _RoleForm = forms.ModelForm[Role]
else:
    _RoleForm = forms.ModelForm


class RoleForm(_RoleForm):
    """A role as questions with checkboxes."""

    permissions = ChoicesField(label=_("May"), choices=Permission.choices)
    channels = ChoicesField(
        label=_("Channels"),
        choices=Channel.choices,
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

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Order by name, as dictionaries do."""
        return [in_alphabet(Role.objects.all())]

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
        return ", ".join(brand.name for brand in by_name(role.brands.all())) or str(_("all"))

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
