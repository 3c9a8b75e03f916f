"""The audit log."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ReadOnlyAdmin
from agents.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, when and from where."""

    list_display = ["at", "actor", "action", "target", "ip"]
    list_filter = ["action"]
    list_select_related = ["actor"]
    search_fields = ["target", "actor__name", "actor__email", "ip"]
    search_help_text = _("Search by person, target or address")
    date_hierarchy = "at"
    ordering = ["-at"]
    fields = ["at", "actor", "action", "target", "ip", "details"]

    @admin.display(description=_("details"))
    def details(self, entry: AuditEntry) -> str:
        """Show the data as text."""
        return json.dumps(entry.data, ensure_ascii=False, indent=1)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Load the actors along."""
        return super().get_queryset(request).select_related("actor")
