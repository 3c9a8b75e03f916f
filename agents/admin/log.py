"""The audit log."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ReadOnlyAdmin
from agents.admin.log_words import detail_in_words, in_words, model_called
from agents.models import AuditEntry


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
        model = model_called(entry.target.partition(" ")[0])
        kind = f"{capfirst(str(model._meta.verbose_name))}: " if model else ""
        return f"{kind}{self.target_shown(entry)}" or "—"

    @admin.display(description=_("details"))
    def details(self, entry: AuditEntry) -> str:
        """Show the data, a line each."""
        lines = (detail_in_words(entry.action, *each) for each in entry.data.items())
        return "\n".join(filter(None, lines)) or "—"
