"""Canned replies in the administration. Chats are worked on in the console and never edited."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin
from chat.models import CannedReply
from chat.operations.canned import lowered, searched

if TYPE_CHECKING:
    _CannedReplyForm = forms.ModelForm[CannedReply]
else:
    _CannedReplyForm = forms.ModelForm


class CannedReplyForm(_CannedReplyForm):
    """A ready text, and who may use it."""

    class Meta:
        model = CannedReply
        fields = ("shortcut", "title", "body", "language", "brand", "team", "agent")
        widgets = {"body": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "brand": _("Empty: all brands."),
            "team": _("Empty: all teams."),
        }

    def clean_shortcut(self) -> str:
        """Store shortcuts in lower case."""
        return lowered(self.cleaned_data["shortcut"])

    def clean(self) -> dict[str, Any]:
        """Let a shortcut mean one thing to each reader and language."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        scope = {name: cleaned.get(name) for name in ("brand", "team", "agent", "language")}
        same = CannedReply.objects.filter(shortcut=cleaned.get("shortcut"), **scope)
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("shortcut", _("Another canned reply here has this shortcut."))
        return cleaned


@admin.register(CannedReply)
class CannedReplyAdmin(ImeceAdmin):
    """Canned replies for everybody, a brand, a team or one agent."""

    form = CannedReplyForm
    list_display = ["slash", "title", "language", "brand", "team", "agent", "used_count"]
    list_filter = ["language", "brand", "team"]
    list_select_related = ["brand", "team", "agent"]
    search_fields = ["shortcut", "title", "body"]
    ordering = ["shortcut", "pk"]
    fieldsets = [
        (None, {"fields": ["shortcut", "title", "body", "language"]}),
        (_("Who may use it"), {"fields": ["brand", "team", "agent"]}),
    ]

    @admin.display(description=_("shortcut"), ordering=F("shortcut"))
    def slash(self, reply: CannedReply) -> str:
        """As it is typed."""
        return f"/{reply.shortcut}"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep what the picker searches."""
        obj.search_text = searched(obj)
        super().save_model(request, obj, form, change)
