"""Every field and operator of a condition, once: its name, its type, and where it is valid.

Validation, evaluation, API, administration and the sentence that a rule is said back in read this.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.models import Channel, Language
from automation.rules.named_rows import (
    agent_name,
    agent_rows,
    brand_name,
    brand_rows,
    tag_name,
    tag_rows,
    team_name,
    team_rows,
    topic_name,
    topic_rows,
)
from chat.models import Conversation


class Type(StrEnum):
    """What sort of value a field has."""

    TEXT = "text"
    CHOICE = "choice"
    REFERENCE = "reference"
    BOOLEAN = "boolean"
    NUMBER = "number"
    TAG = "tag"


_INCOMING, _UPDATED, _TIME = "incoming", "updated", "time"
_ALWAYS = frozenset({_INCOMING, _UPDATED, _TIME})
_EVENTS = frozenset({_INCOMING, _UPDATED})
# What is the same for all that has just come in.
_LATER = frozenset({_UPDATED, _TIME})

type Choices = Mapping[str, str | Promise]


@dataclass(frozen=True, kw_only=True)
class Field:
    """Something of a chat or event that a condition looks at."""

    label: str | Promise
    type: Type
    # Of what it sees: see `sight`.
    read: Callable[[Any], Any]
    when: frozenset[str] = _ALWAYS
    choices: Choices | None = None
    # Those of the choices that nothing can be, by when the rule looks.
    never: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # Returns the name of a row that the value refers to; None when there is none.
    name_of: Callable[[str], str | None] | None = None
    # Returns all rows that a value can refer to: key and name.
    rows: Callable[[], list[tuple[str, str]]] | None = None
    # Whether its change is an event whose line names what it was.
    changes: bool = False
    # Whether it can be without a value.
    may_lack: bool = False
    # It asks more of the database than the chat's own row: last, and only if still needed.
    needs_query: bool = False

    def choices_for(self, when: str) -> Choices | None:
        """Return what it can be when the rule looks; None where nobody lists that."""
        if self.choices is None:
            return None
        never = self.never.get(when, frozenset())
        return {key: label for key, label in self.choices.items() if key not in never}


def _text_of(key: int | None) -> str | None:
    return str(key) if key is not None else None


SOURCES: Choices = {"live_chat": _("live chat")}
SIDES: Choices = {
    "customer": _("the customer"),
    "agent": _("an agent"),
    "rule": _("a rule"),
    "system": _("the system"),
}
CHANGES: Choices = {
    "customer_word": _("the customer wrote"),
    "agent_word": _("an agent wrote"),
    "note": _("a note was written"),
    "tag": _("a tag changed"),
    "topic": _("the topic changed"),
    "team": _("the team changed"),
    "assignee": _("the agent changed"),
    "status": _("the status changed"),
    "priority": _("the priority changed"),
    "rating": _("the customer rated"),
    "ended": _("the chat ended"),
    "reopened": _("the chat was reopened"),
}
STATES: Choices = {
    "online": pgettext_lazy("availability", "somebody is free"),
    "busy": pgettext_lazy("availability", "everyone is busy"),
    "offline": pgettext_lazy("availability", "nobody is there"),
}
# No chat is answered by itself alone.
STATUSES: Choices = {
    str(value): label
    for value, label in Conversation.Status.choices
    if value != Conversation.Status.BOT
}

FIELDS: Mapping[str, Field] = {
    "source": Field(
        label=_("where it came from"),
        type=Type.CHOICE,
        read=lambda facts: facts.source,
        choices=SOURCES,
    ),
    "channel": Field(
        label=_("channel"),
        type=Type.CHOICE,
        read=lambda facts: facts.chat.channel,
        choices=dict(Channel.choices),
    ),
    "brand": Field(
        label=_("brand"),
        type=Type.REFERENCE,
        read=lambda facts: str(facts.row.brand_id),
        name_of=brand_name,
        rows=brand_rows,
    ),
    "topic": Field(
        label=_("topic"),
        type=Type.REFERENCE,
        read=lambda facts: _text_of(facts.row.topic_id),
        name_of=topic_name,
        rows=topic_rows,
        changes=True,
        may_lack=True,
    ),
    "team": Field(
        label=_("team"),
        type=Type.REFERENCE,
        read=lambda facts: _text_of(facts.row.team_id),
        name_of=team_name,
        rows=team_rows,
        changes=True,
        may_lack=True,
    ),
    "language": Field(
        label=_("language"),
        type=Type.CHOICE,
        read=lambda facts: facts.row.language,
        choices=dict(Language.choices),
    ),
    "page_url": Field(
        label=_("page"),
        type=Type.TEXT,
        read=lambda facts: facts.page_url,
        may_lack=True,
    ),
    "text": Field(
        label=_("text"),
        type=Type.TEXT,
        read=lambda facts: facts.happening.text,
        may_lack=True,
        when=_EVENTS,
    ),
    "has_email": Field(
        label=_("an e-mail address in the text"),
        type=Type.BOOLEAN,
        read=lambda facts: facts.has_email,
        when=_EVENTS,
    ),
    "has_phone": Field(
        label=_("a phone number in the text"),
        type=Type.BOOLEAN,
        read=lambda facts: facts.has_phone,
        when=_EVENTS,
    ),
    "first_contact": Field(
        label=_("first contact"),
        type=Type.BOOLEAN,
        read=lambda facts: facts.is_first_contact,
        needs_query=True,
    ),
    "email_known": Field(
        label=_("e-mail known"),
        type=Type.BOOLEAN,
        read=lambda facts: facts.email_known,
        needs_query=True,
    ),
    "phone_known": Field(
        label=_("phone known"),
        type=Type.BOOLEAN,
        read=lambda facts: facts.phone_known,
        needs_query=True,
    ),
    "updated_by": Field(
        label=_("who did it"),
        type=Type.CHOICE,
        read=lambda facts: facts.happening.by,
        when=frozenset({_UPDATED}),
        choices=SIDES,
    ),
    "change": Field(
        label=_("what happened"),
        type=Type.CHOICE,
        read=lambda facts: facts.happening.change,
        when=frozenset({_UPDATED}),
        choices=CHANGES,
    ),
    "tag": Field(
        label=_("tag"),
        type=Type.TAG,
        read=lambda facts: list(facts.tags.values()),
        name_of=tag_name,
        rows=tag_rows,
        changes=True,
        may_lack=True,
        needs_query=True,
    ),
    "assignee": Field(
        label=_("agent"),
        type=Type.REFERENCE,
        read=lambda facts: facts.assignee,
        name_of=agent_name,
        rows=agent_rows,
        changes=True,
        may_lack=True,
    ),
    "status": Field(
        label=pgettext_lazy("chat", "status"),
        type=Type.CHOICE,
        read=lambda facts: facts.chat.status,
        choices=STATUSES,
        # The clock looks at what is open.
        never={_TIME: frozenset({Conversation.Status.RESOLVED})},
        changes=True,
    ),
    "priority": Field(
        label=_("priority"),
        type=Type.NUMBER,
        read=lambda facts: facts.priority,
        changes=True,
    ),
    "availability": Field(
        label=_("who can take it"),
        type=Type.CHOICE,
        read=lambda facts: facts.availability,
        choices=STATES,
        needs_query=True,
    ),
    "within_hours": Field(
        label=_("within business hours"),
        type=Type.BOOLEAN,
        read=lambda facts: facts.is_within_hours,
        needs_query=True,
    ),
    "visitor_here": Field(
        label=_("the customer has the page open"),
        type=Type.BOOLEAN,
        read=lambda facts: facts.is_visitor_here,
        needs_query=True,
    ),
    "queue_length": Field(
        label=_("chats in line"),
        type=Type.NUMBER,
        read=lambda facts: facts.queue_length,
        needs_query=True,
    ),
    "wait": Field(
        label=_("minutes without an answer"),
        type=Type.NUMBER,
        read=lambda facts: facts.wait,
        when=_LATER,
    ),
    "idle": Field(
        label=_("minutes of silence"),
        type=Type.NUMBER,
        read=lambda facts: facts.idle,
        when=_LATER,
    ),
    "rating": Field(
        label=_("rating"),
        type=Type.NUMBER,
        read=lambda facts: facts.rating,
        when=_LATER,
        may_lack=True,
        needs_query=True,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Operator:
    """How a condition compares."""

    label: str | Promise
    types: frozenset[Type]
    takes_value: bool = True
    # Compares with what was before: only where something changed.
    of_change: bool = False
    # Asks whether there is a value: only where there may be none.
    of_lack: bool = False
    # Means something only where there is more than one choice.
    of_many: bool = False


_WORDED = frozenset({Type.TEXT})
_SETTABLE = frozenset({Type.TEXT, Type.CHOICE, Type.REFERENCE, Type.TAG, Type.NUMBER})
_ANY = frozenset(Type)

OPERATORS: Mapping[str, Operator] = {
    "is": Operator(label=_("is"), types=_ANY),
    "is_not": Operator(label=_("is not"), types=_ANY - {Type.BOOLEAN}, of_many=True),
    "contains": Operator(label=_("contains"), types=_WORDED),
    "not_contains": Operator(label=_("does not contain"), types=_WORDED),
    "starts": Operator(label=_("starts with"), types=_WORDED),
    "matches": Operator(label=_("matches the pattern"), types=_WORDED),
    "greater": Operator(label=_("is greater than"), types=frozenset({Type.NUMBER})),
    "less": Operator(label=_("is less than"), types=frozenset({Type.NUMBER})),
    "empty": Operator(label=_("is empty"), types=_SETTABLE, takes_value=False, of_lack=True),
    "not_empty": Operator(
        label=_("is not empty"), types=_SETTABLE, takes_value=False, of_lack=True
    ),
    "changed": Operator(
        label=_("has just changed"), types=_SETTABLE, takes_value=False, of_change=True
    ),
    "was": Operator(label=_("was before"), types=_SETTABLE - {Type.TAG}, of_change=True),
}
