"""The audit log."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.admin.base import ReadOnlyAdmin
from agents.credentials.tokens import Scope
from agents.models import Agent, AuditEntry, Language, Permission, Role, Team

_ACTS: dict[str, Promise] = {
    "password.changed": _("Password changed"),
    "agent.disabled": _("Agent deactivated"),
    "agent.enabled": _("Agent activated"),
    "agent.email_changed": _("E-mail of an agent changed"),
    "agent.second_step_removed": _("Two-step sign-in of an agent turned off"),
    "agent.invited": _("Agent invited"),
    "agent.invitation_revoked": _("Invitation revoked"),
    "agent.joined": _("Invitation accepted"),
    "invitation.link_shown": _("Link of an invitation shown"),
    "agent.teams": _("Teams of an agent changed"),
    "team.members": _("Members of a team changed"),
    "role.given": _("Role given"),
    "role.taken": _("Role taken away"),
    "role.edited": _("Permissions of a role changed"),
    "token.created": _("API token created"),
    "report.exported": _("Report exported"),
    "report.downloaded": _("File of a report downloaded"),
    "report.opened": _("First report opened"),
    "wall.screen_made": _("Screen for the wallboard made"),
    "wall.screen_started": _("Screen of the wallboard started"),
    "wall.screen_revoked": _("Screen of the wallboard switched off"),
    "wall.targets": _("Targets of the wallboard changed"),
    "token.revoked": _("API token revoked"),
    "device.gone": _("Device removed: its push service knows it no longer (404, 410)"),
    "brand.texts_changed": _("Texts of a brand changed"),
    "brand.identity_secret_made": _("Secret for signed-in visitors made"),
    "brand.identity_secret_deleted": _("Secret for signed-in visitors deleted"),
    "mailbox.secret_made": _("Secret for bringing mail made"),
    "rule.moved": _("Rule moved"),
    "rehearsal.started": _("Rehearsal started"),
    "replies.changed": _("Automatic answers changed"),
    "rule.switched_off": _("Rule switched off by itself"),
    "address.confirmed": _("Address confirmed that mail came back from"),
    "contact.changed": _("Customer corrected"),
    "contact.linked": _("Customer linked"),
    "contact.told_apart": _("Customers said to be two people"),
    "contact.unlinked": _("Link of a customer undone"),
    "contact.merged": _("Customers merged"),
    "contact.merge_undone": _("Merge of customers undone"),
    "conversation.watched": _("Chat of somebody else read"),
}
# What every page of the administration may do to a row.
_EDITS: dict[str, Promise] = {
    "created": pgettext_lazy("audit", "created"),
    "changed": _("changed"),
    "deleted": _("deleted"),
}


_DETAILS: dict[str, Promise] = {
    "added": _("Added"),
    "fields": _("Fields"),
    "languages": _("Languages"),
    "name": _("Name"),
    "old": _("Before"),
    "permissions": _("May"),
    "removed": _("Removed"),
    "role": _("Role"),
    "scope": _("Scope"),
    "scopes": _("May be used for"),
    "secret": _("Number of the secret"),
}
_CODES: dict[str, dict[Any, Any]] = {
    "languages": dict(Language.choices),
    "permissions": dict(Permission.choices),
    "scope": dict(Role.Scope.choices),
    "scopes": dict(Scope.choices),
}
# Whose numbers "added" and "removed" are.
_MEMBERS: dict[str, type[Agent] | type[Team]] = {"agent.teams": Team, "team.members": Agent}


def in_words(action: str) -> str:
    """Return what an action of the log is called; the code itself where nobody named it."""
    if named := _ACTS.get(action):
        return str(named)
    noun, _dot, act = action.partition(".")
    model = _model(noun)
    if model is None or act not in _EDITS:
        return action
    return f"{capfirst(str(model._meta.verbose_name))}: {_EDITS[act]}"


def _model(name: str) -> type[Model] | None:
    return next((each for each in apps.get_models() if each._meta.model_name == name), None)


def _names(action: str, detail: str, values: list[Any]) -> list[str]:
    """Return what stands behind the codes and numbers of a detail."""
    names: dict[Any, Any] = _CODES.get(detail, {})
    if detail == "fields":
        names = _labels(action.partition(".")[0])
    elif detail in {"added", "removed"} and (model := _MEMBERS.get(action)):
        names = dict(model._default_manager.filter(pk__in=values).values_list("pk", "name"))
    return [str(names.get(value, value)) for value in values]


def _labels(noun: str) -> dict[str, Any]:
    """Return how the fields of a page of the administration are called."""
    model = _model(noun)
    if model is None or not admin.site.is_registered(model):
        return {}
    fields = admin.site.get_model_admin(model).form.base_fields
    return {name: capfirst(str(field.label)) for name, field in fields.items() if field.label}


class ActionFilter(admin.SimpleListFilter):
    """The actions that the log holds."""

    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name them."""
        codes = AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct()
        return [(code, in_words(code)) for code in codes]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        """Keep the rows of the chosen action."""
        chosen = self.value()
        return queryset.filter(action=chosen) if chosen else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, when and from where."""

    list_display = ["at", "actor", "action_shown", "target_shown", "ip"]
    list_filter = [ActionFilter]
    list_select_related = ["actor"]
    search_fields = ["target", "actor__name", "actor__email", "ip"]
    search_help_text = _("Search by person, target or address")
    date_hierarchy = "at"
    ordering = ["-at"]
    fields = ["at", "actor", "action_shown", "target_with_kind", "ip", "details"]

    @admin.display(description=_("action"), ordering="action")
    def action_shown(self, entry: AuditEntry) -> str:
        """What was done, in words."""
        return in_words(entry.action)

    @admin.display(description=_("target"), ordering="target")
    def target_shown(self, entry: AuditEntry) -> str:
        """What it was done to; of a row, its name."""
        kind, _colon, name = entry.target.partition(": ")
        return name or kind

    @admin.display(description=_("target"))
    def target_with_kind(self, entry: AuditEntry) -> str:
        """What it was done to, and what that is."""
        model = _model(entry.target.partition(" ")[0])
        kind = f"{capfirst(str(model._meta.verbose_name))}: " if model else ""
        return f"{kind}{self.target_shown(entry)}" or "—"

    @admin.display(description=_("details"))
    def details(self, entry: AuditEntry) -> str:
        """Show the data, a line each."""
        lines = []
        for name, value in entry.data.items():
            values = value if isinstance(value, list) else [value]
            if values and value is not None:
                words = ", ".join(_names(entry.action, name, values))
                lines.append(f"{_DETAILS.get(name, name)}: {words}")
        return "\n".join(lines) or "—"
