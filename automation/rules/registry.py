"""Every field and operator of a condition, once: its name, its type, and where it is valid.

Validation, evaluation, API, administration and the sentence that a rule is said back in read this.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from operator import attrgetter
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.models import Agent, Brand, Channel, Language, Tag, Team, Topic
from chat.models import Conversation
from config.text.cleaning import key_of
from config.text.folding import by_name, fold


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
    # Returns the name of a row that the value refers to; None when there is none.
    name_of: Callable[[str], str | None] | None = None
    # Returns all rows that a value can refer to: key and name.
    rows: Callable[[], list[tuple[str, str]]] | None = None
    # Whether its change is an event whose line names what it was.
    changes: bool = False
    # It asks more of the database than the chat's own row: last, and only if still needed.
    needs_query: bool = False


type _Find = Callable[[str], str | None]
# Names that were looked up while many rules are said one after another.
_names: ContextVar[dict[tuple[_Find, str], str | None] | None] = ContextVar("names", default=None)


@contextmanager
def remembering_names() -> Iterator[None]:
    """Look up each name once within: for a page that says many rules."""
    token = _names.set({})
    try:
        yield
    finally:
        _names.reset(token)


def _remembered(find: _Find) -> _Find:
    @wraps(find)
    def found(key: str) -> str | None:
        names = _names.get()
        if names is None:
            return find(key)
        if (find, key) not in names:
            names[find, key] = find(key)
        return names[find, key]

    return found


@_remembered
def _brand_name(key: str) -> str | None:
    return Brand.objects.filter(pk=key_of(key)).values_list("name", flat=True).first()


@_remembered
def _topic_name(key: str) -> str | None:
    topic = Topic.objects.filter(pk=key_of(key), is_active=True).first()
    return str(topic) if topic else None


@_remembered
def _team_name(key: str) -> str | None:
    return Team.objects.filter(pk=key_of(key)).values_list("name", flat=True).first()


@_remembered
def _agent_name(key: str) -> str | None:
    found = Agent.objects.filter(public_id=key, is_active=True)
    return found.values_list("name", flat=True).first()


@_remembered
def _tag_name(key: str) -> str | None:
    return Tag.objects.filter(folded=fold(key)).values_list("name", flat=True).first() or key


def _brand_rows() -> list[tuple[str, str]]:
    return [(str(brand.pk), brand.name) for brand in by_name(Brand.objects.all())]


def _topic_rows() -> list[tuple[str, str]]:
    found = Topic.objects.filter(is_active=True).select_related("brand")
    topics = by_name(found.order_by("position", "pk"), of=attrgetter("brand"))
    if len({topic.brand_id for topic in topics}) < 2:
        return [(str(topic.pk), str(topic)) for topic in topics]
    return [(str(topic.pk), f"{topic.brand}: {topic}") for topic in topics]


def _team_rows() -> list[tuple[str, str]]:
    return [(str(team.pk), team.name) for team in Team.objects.order_by("sort_name", "pk")]


def _agent_rows() -> list[tuple[str, str]]:
    found = Agent.objects.filter(is_active=True).order_by("sort_name", "pk")
    return list(found.values_list("public_id", "name"))


def _tag_rows() -> list[tuple[str, str]]:
    return [(name, name) for name in Tag.objects.order_by("folded").values_list("name", flat=True)]


def _text_of(key: int | None) -> str | None:
    return str(key) if key is not None else None


SOURCES: Choices = {"live_chat": _("live chat"), "ticket": _("a ticket")}
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
STATUSES: Choices = {str(value): label for value, label in Conversation.Status.choices}

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
        name_of=_brand_name,
        rows=_brand_rows,
    ),
    "topic": Field(
        label=_("topic"),
        type=Type.REFERENCE,
        read=lambda facts: _text_of(facts.row.topic_id),
        name_of=_topic_name,
        rows=_topic_rows,
        changes=True,
    ),
    "team": Field(
        label=_("team"),
        type=Type.REFERENCE,
        read=lambda facts: _text_of(facts.row.team_id),
        name_of=_team_name,
        rows=_team_rows,
        changes=True,
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
    ),
    "text": Field(
        label=_("text"),
        type=Type.TEXT,
        read=lambda facts: facts.happening.text,
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
        name_of=_tag_name,
        rows=_tag_rows,
        changes=True,
        needs_query=True,
    ),
    "assignee": Field(
        label=_("agent"),
        type=Type.REFERENCE,
        read=lambda facts: facts.assignee,
        name_of=_agent_name,
        rows=_agent_rows,
        changes=True,
    ),
    "status": Field(
        label=pgettext_lazy("chat", "status"),
        type=Type.CHOICE,
        read=lambda facts: facts.chat.status,
        choices=STATUSES,
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
        label=_("minutes without an answer"), type=Type.NUMBER, read=lambda facts: facts.wait
    ),
    "idle": Field(label=_("minutes of silence"), type=Type.NUMBER, read=lambda facts: facts.idle),
    "rating": Field(
        label=_("rating"), type=Type.NUMBER, read=lambda facts: facts.rating, needs_query=True
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


_WORDED = frozenset({Type.TEXT})
_SETTABLE = frozenset({Type.TEXT, Type.CHOICE, Type.REFERENCE, Type.TAG, Type.NUMBER})
_ANY = frozenset(Type)

OPERATORS: Mapping[str, Operator] = {
    "is": Operator(label=_("is"), types=_ANY),
    "is_not": Operator(label=_("is not"), types=_ANY - {Type.BOOLEAN}),
    "contains": Operator(label=_("contains"), types=_WORDED),
    "not_contains": Operator(label=_("does not contain"), types=_WORDED),
    "starts": Operator(label=_("starts with"), types=_WORDED),
    "matches": Operator(label=_("matches the pattern"), types=_WORDED),
    "greater": Operator(label=_("is greater than"), types=frozenset({Type.NUMBER})),
    "less": Operator(label=_("is less than"), types=frozenset({Type.NUMBER})),
    "empty": Operator(label=_("is empty"), types=_SETTABLE, takes_value=False),
    "not_empty": Operator(label=_("is not empty"), types=_SETTABLE, takes_value=False),
    "changed": Operator(
        label=_("has just changed"), types=_SETTABLE, takes_value=False, of_change=True
    ),
    "was": Operator(label=_("was before"), types=_SETTABLE - {Type.TAG}, of_change=True),
}
