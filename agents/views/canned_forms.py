"""The form of an own canned reply."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, CannedFile, CannedReply
from agents.queries.canned import FILLED_IN
from agents.reply_form import ReplyForm


class OwnReplyForm(ReplyForm):
    """A ready text that only its writer sees."""

    class Meta(ReplyForm.Meta):
        widgets = {
            "shortcut": forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
            "title": forms.TextInput(attrs={"autocomplete": "off"}),
            "body": forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
        }
        help_texts = {
            "title": _("What you read in the list."),
            "body": FILLED_IN,
            "language": _("Offered in chats in this language."),
        }

    def __init__(
        self,
        data: QueryDict | None,
        files: Mapping[str, Any] | None,
        *,
        agent: Agent,
        place: str,
        instance: CannedReply | None = None,
    ) -> None:
        if data is not None:
            data = data.copy()
            # Typed as in a reply, with the slash; and a line's end counts as one letter.
            data["shortcut"] = data.get("shortcut", "").strip().removeprefix("/")
            data["body"] = data.get("body", "").replace("\r\n", "\n")
        self.by, self.place = agent, place
        super().__init__(data, files, instance=instance, label_suffix="")
        if instance is None:
            self.initial["language"] = agent.language

    def address(self, file: CannedFile) -> str:
        """Return where the writer reads a file."""
        return reverse("api-canned-file", args=[file.reply_id, file.public_id])

    def clean(self) -> dict[str, Any]:
        """Let a shortcut mean one thing in each language."""
        cleaned = super().clean()
        same = CannedReply.objects.filter(
            agent=self.by,
            shortcut=cleaned.get("shortcut"),
            language=cleaned.get("language"),
            brand=self.instance.brand_id,
            team=self.instance.team_id,
        )
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("shortcut", _("Another canned reply here has this shortcut."))
        return cleaned
