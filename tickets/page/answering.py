"""What a customer sends from a ticket's page."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.files.cleaning import CleanFile, FileRefused, clean_file
from config.files.kinds import ACCEPT
from config.text.cleaning import is_blank
from config.web.limits import PICTURE_SECONDS, spend
from tickets.mail.words import NOT_TAKEN
from tickets.models import Entry, Ticket
from tickets.operations.customers_words import hear_customer
from tickets.operations.files import keep_files

FILES_MAX = 10

type Uploaded = UploadedFile[Any]


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Several files, each cleaned as those of chats are."""

    widget = _Files

    def __init__(self, *, place: str, **options: Any) -> None:
        super().__init__(**options)
        self._place = place

    def clean(self, data: Any, initial: Any = None) -> list[CleanFile]:
        given: list[Uploaded] = [each for each in data or [] if each]
        if len(given) > FILES_MAX:
            raise forms.ValidationError(_("Ten files at once are the most."), code="too_many")
        return [self._cleaned(each) for each in given]

    def _cleaned(self, file: Uploaded) -> CleanFile:
        try:
            if (file.size or 0) > settings.IMECE["UPLOAD_MAX_BYTES"]:
                raise FileRefused("too_large")
            return clean_file(
                file.read(), file.name or "", pay=partial(spend, PICTURE_SECONDS, self._place)
            )
        except FileRefused as error:
            text = gettext("“%(name)s” was left out: %(why)s.")
            why = NOT_TAKEN.get(error.reason, error.reason)
            told = text % {"name": (file.name or "")[:120], "why": why}
            raise forms.ValidationError(told, code="file") from error


class AnswerForm(forms.Form):
    """Words, files, or both."""

    text = forms.CharField(
        label=_("Your message"),
        required=False,
        max_length=settings.IMECE["MESSAGE_MAX_CHARS"],
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )
    # The same press twice is one answer.
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, place: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        attached = _FilesField(label=_("Files"), required=False, place=place)
        attached.widget.attrs["accept"] = ACCEPT
        self.fields["attached"] = attached

    def clean(self) -> None:
        """Refuse what says nothing."""
        given = self.cleaned_data
        if is_blank(given.get("text", "")) and not given.get("attached") and not self.errors:
            raise forms.ValidationError(_("Write something first."), code="empty")


def send_answer(ticket: Ticket, given: dict[str, Any], now: datetime) -> Entry:
    """Store the customer's answer, and return its line, which may be in a ticket that follows."""
    clean: list[CleanFile] = given["attached"]
    with keep_files(files=clean, by=None, now=now) as files:
        data = {"files": [each.wire for each in files]} if files else {}
        names = ", ".join(each.name for each in files)
        return hear_customer(
            ticket=ticket,
            body=given["text"].strip() or names,
            files=files,
            data=data,
            source=ticket.source,
            client_id=f"page:{given['key']}",
            now=now,
        )
