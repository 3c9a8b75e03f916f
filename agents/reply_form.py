"""The form of a canned reply, whoever writes it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.files import FILES_MAX, FilesField
from agents.models import Agent, CannedFile, CannedReply
from agents.operations.canned import clean_shortcut
from config.files.cleaning import CleanFile
from config.web.rate_limits import UPLOADS, TooMany, spend

if TYPE_CHECKING:
    _Form = forms.ModelForm[CannedReply]
    _Choices = forms.ModelMultipleChoiceField[CannedFile]
else:
    _Form = forms.ModelForm
    _Choices = forms.ModelMultipleChoiceField

TOO_MANY_FILES = _("A canned reply has at most ten files.")


class _NewFiles(FilesField):
    """Files that count as the uploads of whoever chose them."""

    by: Agent | None = None

    def clean(self, data: Any, initial: Any = None) -> list[CleanFile]:
        """Return what may be kept of the files."""
        try:
            if data and self.by is not None:
                spend(UPLOADS, f"agent:{self.by.pk}", len(data))
            return super().clean(data, initial)
        except TooMany:
            words = _("Too many requests. Please wait a moment.")
            raise forms.ValidationError(words, code="rate") from None


class _HeldFiles(_Choices):
    """The files that a reply has, each with its size and the way to its bytes."""

    address: Callable[[CannedFile], str]

    def label_from_instance(self, file: CannedFile) -> str:
        """Return how a file is called; it opens beside the form, where nothing typed is lost."""
        return format_html(
            '<a href="{}" target="_blank" rel="noopener">{}</a> ({})',
            self.address(file),
            file.name,
            filesizeformat(file.size),
        )


class ReplyForm(_Form):
    """A ready text, and the files that go along with it."""

    added = _NewFiles(
        label=_("Files"),
        required=False,
    )
    removed = _HeldFiles(
        label=_("Remove files"),
        queryset=CannedFile.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    # Who writes, from where, and where the page's reader finds a file.
    by: Agent
    place: str
    address: Callable[[CannedFile], str]

    class Meta:
        model = CannedReply
        fields: tuple[str, ...] = ("shortcut", "title", "body", "language")

    class Media:
        js = (forms.Script("live/file-sizes.js", type="module"),)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        new, held = self.fields["added"], self.fields["removed"]
        if isinstance(new, _NewFiles):
            new.by, new.place = self.by, self.place
            # A longer request would be refused before anybody reads what was typed.
            most = settings.IMECE["UPLOAD_MAX_BYTES"]
            size = {"count": most // (1024 * 1024)}
            new.help_text = (
                gettext("Sent along with the text: at most ten, and %(count)d MB added at once.")
                % size
            )
            new.widget.attrs["data-most"] = most
            new.widget.attrs["data-too-large"] = (
                gettext("This is more than %(count)d MB at once.") % size
            )
        if not self.instance.pk or not self.instance.files.exists():
            del self.fields["removed"]
        elif isinstance(held, _HeldFiles):
            held.address = self.address
            held.queryset = self.instance.files.order_by("pk")

    def clean_shortcut(self) -> str:
        """Store shortcuts in lower case."""
        return clean_shortcut(self.cleaned_data["shortcut"])

    def clean(self) -> dict[str, Any]:
        """Refuse more files than a message takes."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        held = self.instance.files.count() if self.instance.pk else 0
        removed, new = cleaned.get("removed") or (), cleaned.get("added") or ()
        if new and held - len(removed) + len(new) > FILES_MAX:
            self.add_error("added", forms.ValidationError(TOO_MANY_FILES, code="too_many"))
        return cleaned

    def full_clean(self) -> None:
        """Say what of a refused form no browser shows again: the files."""
        super().full_clean()
        if self.is_bound and self.errors and self.cleaned_data.get("added"):
            words = _("Choose the files again: nothing was saved yet.")
            self.add_error("added", forms.ValidationError(words, code="again"))
