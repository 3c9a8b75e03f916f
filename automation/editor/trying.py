"""On which chat or ticket a rule is tried."""

import re
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.access import access_of
from agents.callers import signed_in
from automation.models import Rule
from automation.rules.tickets.facts import seen_tickets
from chat.models import Conversation
from chat.queries.people import face_of
from config.text.cleaning import key_of
from tickets.models import Ticket

_RECENT = 20
_NUMBER = re.compile(r"#?([0-9]{1,12})")
_LABELS = {
    Rule.Subject.CHAT: (_("A recent chat"), _("or the number of a chat")),
    Rule.Subject.TICKET: (_("A recent ticket"), _("or the number of a ticket")),
    Rule.Subject.BOTH: (
        _("A recent chat or ticket"),
        _("or the number of a chat or ticket"),
    ),
}


class TryForm(forms.Form):
    """Which chat or ticket a rule is tried on."""

    recent = forms.ChoiceField(required=False)
    chat = forms.CharField(
        max_length=300,
        required=False,
        help_text=_("The last part of its address in the console."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, request: HttpRequest, subject: str, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.label_suffix = ""
        access = access_of(signed_in(request))
        self._subject = Rule.Subject(subject)
        self._chats = Conversation.objects.visible_to(access)
        self._tickets = seen_tickets().filter(pk__in=Ticket.objects.visible_to(access))
        recent, typed = self.fields["recent"], self.fields["chat"]
        recent.label, typed.label = _LABELS[self._subject]
        if isinstance(recent, forms.ChoiceField):
            recent.choices = [("", _("Choose…")), *self._newest()]

    def _newest(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        if self._subject != Rule.Subject.TICKET:
            chats = self._chats.select_related("visitor", "contact").order_by("-pk")[:_RECENT]
            found += [(chat.public_id, _chat_name(chat)) for chat in chats]
        if self._subject != Rule.Subject.CHAT:
            tickets = self._tickets.order_by("-pk")[:_RECENT]
            found += [(f"#{ticket.pk}", _ticket_name(ticket)) for ticket in tickets]
        return found

    def found(self) -> Conversation | Ticket | None:
        """Return what was chosen; else an error stands beside the field."""
        if not self.is_valid():
            return None
        typed = self.cleaned_data["chat"].strip().rstrip("/").rpartition("/")[2]
        wanted = typed or self.cleaned_data["recent"]
        is_tickets = self._subject == Rule.Subject.TICKET
        if not wanted:
            nothing = gettext("Choose a ticket.") if is_tickets else gettext("Choose a chat.")
            self.add_error("recent", nothing)
            return None
        row = self._ticket(wanted) or self._chat(wanted)
        if row is None:
            unknown = gettext("There is no such ticket.")
            self.add_error("chat", unknown if is_tickets else gettext("There is no such chat."))
        return row

    def _ticket(self, wanted: str) -> Ticket | None:
        number = _NUMBER.fullmatch(wanted)
        if self._subject == Rule.Subject.CHAT or number is None:
            return None
        found: Ticket | None = self._tickets.filter(pk=key_of(number[1])).first()
        return found

    def _chat(self, wanted: str) -> Conversation | None:
        if self._subject == Rule.Subject.TICKET:
            return None
        chats = self._chats.select_related("visitor", "contact", "brand", "topic", "ticket")
        found: Conversation | None = chats.filter(public_id=wanted).first()
        return found


def _chat_name(chat: Conversation) -> str:
    at = date_format(timezone.localtime(chat.created_at), "DATETIME_FORMAT")
    return f"{face_of(chat).name} · {at} · {chat.get_status_display()}"


def _ticket_name(ticket: Ticket) -> str:
    return f"#{ticket.pk} · {ticket.subject} · {ticket.get_status_display()}"
