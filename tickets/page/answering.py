"""What a customer sends from a ticket's page."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from agents.files import FilesField
from config.files.cleaning import CleanFile
from config.text.cleaning import is_blank
from tickets.models import Entry, Ticket
from tickets.operations.customers_words import hear_customer
from tickets.operations.files import keep_files


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
        self.fields["attached"] = FilesField(label=_("Files"), required=False, place=place)

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
