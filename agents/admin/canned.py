"""Canned replies in the administration."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin
from agents.callers import signed_in
from agents.files import file_response
from agents.models import CannedFile, CannedReply
from agents.operations.canned import TooManyFiles, add_reply_files, remove_reply_files
from agents.queries.canned import FILLED_IN
from agents.reply_form import TOO_MANY_FILES, ReplyForm
from config.web.rate_limits import place_of


class CannedReplyForm(ReplyForm):
    """A ready text, and who may use it."""

    class Meta(ReplyForm.Meta):
        fields = (*ReplyForm.Meta.fields, "brand", "team", "agent")
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

    def address(self, file: CannedFile) -> str:
        """Return where the administration reads a file."""
        return reverse("admin:agents_cannedreply_file", args=[file.reply_id, file.public_id])

    def clean(self) -> dict[str, Any]:
        """Let a shortcut mean one thing to each reader and language."""
        cleaned = super().clean()
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

    def get_fieldsets(self, request: HttpRequest, obj: CannedReply | None = None) -> Any:
        """Offer to remove files where there are any."""
        files = ["added", "removed"] if obj and obj.files.exists() else ["added"]
        return [
            (None, {"fields": ["shortcut", "title", "body", "language", *files]}),
            (_("Who may use it"), {"fields": ["brand", "team", "agent"]}),
        ]

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Tell the form who uploads files, and from where."""
        form: Any = super().get_form(request, *args, **kwargs)
        form.by, form.place = signed_in(request), place_of(request)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the reply with its files."""
        super().save_model(request, obj, form, change)
        remove_reply_files(reply=obj, files=form.cleaned_data.get("removed", ()))
        try:
            add_reply_files(reply=obj, files=form.cleaned_data["added"], now=timezone.now())
        except TooManyFiles:
            # Somebody else added some since the form was looked at; the rest is saved.
            self.message_user(request, TOO_MANY_FILES, messages.ERROR)

    def get_urls(self) -> list[URLPattern]:
        """Add the files."""
        view = self.admin_site.admin_view(self.file)
        name = "agents_cannedreply_file"
        return [path("<int:pk>/files/<str:public_id>/", view, name=name), *super().get_urls()]

    def file(self, request: HttpRequest, pk: int, public_id: str) -> FileResponse:
        """Give the bytes of a file of any reply, also of one that only its agent uses."""
        found = CannedFile.objects.filter(reply=pk, public_id=public_id).first()
        if found is None or not self.has_view_permission(request, found.reply):
            raise Http404
        return file_response(found)

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
