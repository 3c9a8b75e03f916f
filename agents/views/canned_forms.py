"""The form of an own canned reply."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, CannedReply
from agents.operations.canned import clean_shortcut
from agents.queries.canned import FILLED_IN

if TYPE_CHECKING:
    _OwnReplyForm = forms.ModelForm[CannedReply]
else:
    _OwnReplyForm = forms.ModelForm


class OwnReplyForm(_OwnReplyForm):
    """A ready text that only its writer sees."""

    class Meta:
        model = CannedReply
        fields = ("shortcut", "title", "body", "language")
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
        self, data: QueryDict | None, *, agent: Agent, instance: CannedReply | None = None
    ) -> None:
        if data is not None:
            data = data.copy()
            # Typed as in a reply, with the slash; and a line's end counts as one letter.
            data["shortcut"] = data.get("shortcut", "").strip().removeprefix("/")
            data["body"] = data.get("body", "").replace("\r\n", "\n")
        super().__init__(data, instance=instance, label_suffix="")
        self._agent = agent
        if instance is None:
            self.initial["language"] = agent.language

    def clean_shortcut(self) -> str:
        """Store shortcuts in lower case."""
        return clean_shortcut(self.cleaned_data["shortcut"])

    def clean(self) -> dict[str, Any]:
        """Let a shortcut mean one thing in each language."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        same = CannedReply.objects.filter(
            agent=self._agent,
            shortcut=cleaned.get("shortcut"),
            language=cleaned.get("language"),
            brand=self.instance.brand_id,
            team=self.instance.team_id,
        )
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("shortcut", _("Another canned reply here has this shortcut."))
        return cleaned
