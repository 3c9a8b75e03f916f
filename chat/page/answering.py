"""What a customer sends from a chat's page."""

from datetime import datetime
from uuid import uuid4

from django import forms
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chat.models import Conversation, Visitor
from chat.operations.tickets import convert_to_ticket
from chat.posting.messages import Author, Outgoing, Posted, post_message
from config.text.cleaning import is_blank
from tickets.models import Entry
from tickets.operations.customers_words import hear_customer


class AnswerForm(forms.Form):
    """Words."""

    text = forms.CharField(
        label=_("Your message"),
        max_length=settings.IMECE["MESSAGE_MAX_CHARS"],
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        error_messages={"required": _("Write something first.")},
    )
    # The same press twice is one message.
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def clean_text(self) -> str:
        """Refuse what says nothing."""
        text: str = self.cleaned_data["text"]
        if is_blank(text):
            raise forms.ValidationError(_("Write something first."), code="empty")
        return text


def send_answer(
    chat: Conversation, visitor: Visitor, *, text: str, key: str, now: datetime
) -> Posted | Entry | None:
    """Say something in the chat, or in its ticket once the chat takes no more words.

    None when it can't be said at all.
    """
    author = Author.of_visitor(visitor)
    posted = post_message(Outgoing(chat.public_id, author, text, key), now=now)
    if isinstance(posted, Posted):
        return posted
    if posted.code != "ended":
        return None
    return _say_in_ticket(chat, text=text, key=key, now=now)


@transaction.atomic
def _say_in_ticket(chat: Conversation, *, text: str, key: str, now: datetime) -> Entry:
    converted = convert_to_ticket(conversation=chat, by=None, now=now)
    return hear_customer(
        ticket=converted.ticket,
        body=text.strip(),
        data={},
        source=converted.ticket.source,
        client_id=f"chat:{key}",
        now=now,
    )
