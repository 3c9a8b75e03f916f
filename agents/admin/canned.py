"""Canned replies in the administration."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin
from agents.models import CannedReply
from agents.operations.canned import clean_shortcut
from agents.queries.canned import FILLED_IN

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
            "title": _("What agents read in the list."),
            "body": FILLED_IN,
            "language": _("Offered in chats in this language."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = {"brand": _("All brands"), "team": _("All teams"), "agent": _("All agents")}
        for name, label in everybody.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.empty_label = label

    def clean_shortcut(self) -> str:
        """Store shortcuts in lower case."""
        return clean_shortcut(self.cleaned_data["shortcut"])

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
    list_display = [
        *("slash", "title", "language"),
        *("brand_shown", "team_shown", "agent_shown", "used_count"),
    ]
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

    @admin.display(description=_("brand"), ordering="brand__name")
    def brand_shown(self, reply: CannedReply) -> str:
        """In whose chats it is offered."""
        return str(reply.brand or gettext("all"))

    @admin.display(description=_("team"), ordering="team__sort_name")
    def team_shown(self, reply: CannedReply) -> str:
        """To which team it is offered."""
        return str(reply.team or gettext("all"))

    @admin.display(description=_("agent"), ordering="agent__sort_name")
    def agent_shown(self, reply: CannedReply) -> str:
        """To whom alone it is offered."""
        return str(reply.agent or gettext("all"))
