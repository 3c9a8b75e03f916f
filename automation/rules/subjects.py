"""What a rule may look at and do, by what it is for."""

from collections.abc import Mapping
from typing import NamedTuple

from automation.models import Rule
from automation.rules.actions import ACTIONS, Action
from automation.rules.fields import FIELDS, OPERATORS, Field
from automation.rules.tickets.actions import BOTH_ACTIONS, TICKET_ACTIONS
from automation.rules.tickets.fields import BOTH_FIELDS, TICKET_FIELDS

_CHAT = str(Rule.Subject.CHAT)
_FIELDS: Mapping[str, Mapping[str, Field]] = {
    _CHAT: FIELDS,
    Rule.Subject.TICKET: TICKET_FIELDS,
    Rule.Subject.BOTH: BOTH_FIELDS,
}
_ACTIONS: Mapping[str, Mapping[str, Action]] = {
    _CHAT: ACTIONS,
    Rule.Subject.TICKET: TICKET_ACTIONS,
    Rule.Subject.BOTH: BOTH_ACTIONS,
}


class Scope(NamedTuple):
    """When a rule looks, and at what."""

    when: str
    subject: str = _CHAT


def fields_of(subject: str = _CHAT) -> Mapping[str, Field]:
    """Return all that rules for this see; of what nobody knows, what they see of chats."""
    return _FIELDS.get(subject, FIELDS)


def actions_of(subject: str = _CHAT) -> Mapping[str, Action]:
    """Return all that rules for this can do."""
    return _ACTIONS.get(subject, ACTIONS)


def fields_for(when: str, subject: str = _CHAT) -> list[str]:
    """Return what a rule for `when` may look at."""
    return [name for name, field in fields_of(subject).items() if when in field.when]


def operators_of(name: str, when: str, subject: str = _CHAT) -> list[str]:
    """Return how a field can be compared in a rule for `when`."""
    field = fields_of(subject)[name]
    choices = field.choices_for(when)
    fits = {
        "of_change": field.changes and when == Rule.When.UPDATED,
        "of_lack": field.may_lack,
        "of_many": choices is None or len(choices) > 1,
    }
    return [
        key
        for key, operator in OPERATORS.items()
        if field.type in operator.types
        and all(is_so or not getattr(operator, wish) for wish, is_so in fits.items())
    ]
