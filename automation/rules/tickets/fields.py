"""The fields of tickets: those that they share with chats, and their own."""

from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from automation.models import Rule
from automation.rules.fields import CHANGES, FIELDS, Choices, Field, Type
from tickets.models import Ticket

# Read alike of both.
_SHARED = (
    *("brand", "topic", "team", "language", "page_url", "text", "has_email", "has_phone"),
    *("first_contact", "email_known", "phone_known", "updated_by", "tag", "assignee"),
    "within_hours",
)
_SOURCE = replace(
    FIELDS["source"],
    choices={
        "live_chat": _("live chat"),
        "ticket": _("a chat that became a ticket"),
        "email": _("e-mail"),
        "phone": pgettext_lazy("source", "phone"),
        "api": _("the API"),
    },
)
_COMMON: Choices = {
    name: CHANGES[name]
    for name in ("customer_word", "agent_word", "note", "tag", "topic", "team", "assignee")
} | {"status": CHANGES["status"], "priority": CHANGES["priority"]}
_OWN: Choices = {"type": _("the type changed"), "subject": _("the subject changed")}

TICKET_FIELDS: Mapping[str, Field] = {
    "source": _SOURCE,
    "subject": Field(
        label=pgettext_lazy("ticket", "subject"),
        type=Type.TEXT,
        read=lambda facts: facts.ticket.subject,
        changes=True,
        may_lack=True,
    ),
    **{name: FIELDS[name] for name in _SHARED},
    "change": replace(FIELDS["change"], choices={**_COMMON, **_OWN}),
    "status": Field(
        label=pgettext_lazy("ticket", "status"),
        type=Type.CHOICE,
        read=lambda facts: facts.ticket.status,
        choices={str(value): label for value, label in Ticket.Status.choices},
        # The clock looks at what is not done.
        never={Rule.When.TIME: frozenset(Ticket.DONE)},
        changes=True,
    ),
    "priority": Field(
        label=_("priority"),
        type=Type.CHOICE,
        read=lambda facts: facts.ticket.priority,
        choices={str(value): label for value, label in Ticket.Priority.choices},
        changes=True,
    ),
    "type": Field(
        label=_("type"),
        type=Type.CHOICE,
        read=lambda facts: facts.ticket.type,
        choices={str(value): label for value, label in Ticket.Type.choices},
        changes=True,
    ),
}

# What means the same in chats and tickets.
BOTH_FIELDS: Mapping[str, Field] = {
    # What comes in as a chat is met as one, and not once more as the ticket that it becomes.
    "source": replace(_SOURCE, never={Rule.When.INCOMING: frozenset({"ticket"})}),
    **{name: FIELDS[name] for name in _SHARED},
    "change": replace(FIELDS["change"], choices=_COMMON),
}
