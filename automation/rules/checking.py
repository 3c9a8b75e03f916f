"""Whether a rule says something that can be: errors name the place, such as "all.0.value"."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import Language
from agents.models.tag import NAME_MAX
from automation.models import Rule
from automation.rules.actions import TEXT_MAX, Parameter
from automation.rules.conditions import BadPattern, compile_pattern
from automation.rules.fields import FIELDS, OPERATORS, Field, Type
from automation.rules.subjects import Scope, actions_of, fields_of, operators_of
from config.mail import is_address

DEPTH_MAX = 3
CONDITIONS_MAX = 20
ACTIONS_MAX = 10
VALUE_MAX = 500
MINUTES_MAX = 60 * 24 * 30
PRIORITY_MAX = 500
AGENTS_MAX = 50
# Parameters that name a row, and the field that does the same.
NAMED = {"topic": "topic", "team": "team", "agent": "assignee"}
# Moments of the desk's hours; all others are moments of one chat or ticket.
EDGES = ("opens", "closes")
SINCE: Mapping[str, Sequence[str]] = {
    Rule.Subject.CHAT: ("queued", "customer_word", "agent_word", "created", *EDGES),
    Rule.Subject.TICKET: ("waiting", "idle", "created", *EDGES),
}
EDGE_MINUTES_MAX = 60 * 24
_NUMBER_MAX = 1_000_000

type Errors = dict[str, str | Promise]

_UNKNOWN = _("This is not known.")
_NOT_HERE = _("This can't be so when the rule looks.")
_MISSING = _("This field is required.")
_TOO_LONG = _("This text is too long.")
_MINUTES = _("From 1 to 43200 minutes.")
_EDGE_MINUTES = _("From 0 to 1440 minutes.")
_NOBODY = _("Choose at least one agent, or a team.")
_NO_NUMBER = _("Write a whole number.")


def check_rule(told: Mapping[str, Any]) -> Errors:
    """Return what is wrong with a rule, by place such as "fires" or "all.0"; empty when it can be
    used.

    Wants all of these keys: when, subject, after, fires, all, any and actions.
    """
    errors: Errors = {}
    scope = Scope(told["when"], told["subject"])
    if scope.subject not in Rule.Subject.values:
        errors["subject"] = _UNKNOWN
    elif scope.when == Rule.When.TIME and scope.subject not in SINCE:
        errors["subject"] = _("Rules of time look at chats or at tickets, not at both.")
    _check_time(told, errors)
    fires = told["fires"]
    is_every = fires in ("once", "every")
    if not is_every and not (
        isinstance(fires, dict) and set(fires) == {"minutes"} and _is_minutes(fires["minutes"])
    ):
        errors["fires"] = _MINUTES if isinstance(fires, dict) else _UNKNOWN
    count = [0]
    for name in ("all", "any"):
        _check_nodes(told[name], name, scope, 1, count, errors)
    if count[0] > CONDITIONS_MAX:
        errors["all"] = _("These are too many conditions.")
    _check_actions(told["actions"], scope, errors)
    return errors


def _check_time(told: Mapping[str, Any], errors: Errors) -> None:
    after = told["after"]
    if told["when"] != Rule.When.TIME:
        if after:
            errors["after"] = _NOT_HERE
    elif not isinstance(after, dict) or not after:
        errors["after"] = _MISSING
    else:
        since = after.get("since")
        if since not in sinces_of(told["subject"]):
            is_known = any(since in each for each in SINCE.values())
            errors["after.since"] = _NOT_HERE if is_known else _UNKNOWN
        if since in EDGES:
            minutes = after.get("minutes")
            if type(minutes) is not int or not 0 <= minutes <= EDGE_MINUTES_MAX:
                errors["after.minutes"] = _EDGE_MINUTES
        elif not _is_minutes(after.get("minutes")):
            errors["after.minutes"] = _MINUTES
        if extra := sorted(set(after) - {"since", "minutes"}):
            errors[f"after.{extra[0]}"] = _UNKNOWN


def sinces_of(subject: str) -> Sequence[str]:
    """Return from when rules of time for this may count; of what nobody knows, as for chats."""
    return SINCE.get(subject, SINCE[Rule.Subject.CHAT])


def _is_minutes(value: Any) -> bool:
    return type(value) is int and 1 <= value <= MINUTES_MAX


def _check_nodes(
    nodes: Any, place: str, scope: Scope, depth: int, count: list[int], errors: Errors
) -> None:
    if not isinstance(nodes, list):
        errors[place] = _UNKNOWN
        return
    if depth > DEPTH_MAX:
        errors[place] = _("Blocks are nested too deeply.")
        return
    for number, node in enumerate(nodes):
        here = f"{place}.{number}"
        if not isinstance(node, dict):
            errors[here] = _UNKNOWN
        elif len(node) == 1 and (name := next(iter(node))) in {"all", "any"}:
            if node[name] == []:
                errors[here] = _("This block is empty.")
            _check_nodes(node[name], f"{here}.{name}", scope, depth + 1, count, errors)
        else:
            count[0] += 1
            _check_condition(node, here, scope, errors)


def _check_condition(node: dict[str, Any], place: str, scope: Scope, errors: Errors) -> None:
    for name in set(node) - {"field", "operator", "value"}:
        errors[f"{place}.{str(name)[:40]}"] = _UNKNOWN
    field = fields_of(scope.subject).get(str(node.get("field")))
    if field is None:
        is_known = any(node.get("field") in fields_of(each) for each in Rule.Subject.values)
        errors[f"{place}.field"] = _NOT_HERE if is_known else _UNKNOWN
        return
    if scope.when not in field.when:
        errors[f"{place}.field"] = _NOT_HERE
        return
    name = str(node.get("operator"))
    if name not in OPERATORS:
        errors[f"{place}.operator"] = _UNKNOWN
    elif name not in operators_of(node["field"], *scope):
        errors[f"{place}.operator"] = _NOT_HERE
    elif OPERATORS[name].takes_value:
        if problem := _check_value(field, scope.when, name, node.get("value")):
            errors[f"{place}.value"] = problem
    elif node.get("value") not in (None, ""):
        errors[f"{place}.value"] = _NOT_HERE


def _check_value(field: Field, when: str, operator: str, value: Any) -> str | Promise:
    if field.type is Type.BOOLEAN:
        return "" if isinstance(value, bool) else _UNKNOWN
    if field.type is Type.NUMBER:
        return "" if type(value) is int and abs(value) <= _NUMBER_MAX else _NO_NUMBER
    if not isinstance(value, str):
        return _UNKNOWN
    if not value.strip():
        return _MISSING
    if len(value) > VALUE_MAX:
        return _TOO_LONG
    if operator == "matches":
        try:
            compile_pattern(value)
        except BadPattern:
            return _("This pattern can't be read.")
    if field.choices is not None and value not in field.choices:
        return _UNKNOWN
    if value in field.never.get(when, ()):
        return _NOT_HERE
    if field.name_of is not None and field.name_of(value) is None:
        return _("There is no such thing (any more).")
    return ""


def _check_actions(actions: Any, scope: Scope, errors: Errors) -> None:
    if not isinstance(actions, list) or not actions:
        errors["actions"] = _MISSING
        return
    if len(actions) > ACTIONS_MAX:
        errors["actions"] = _("These are too many actions.")
        return
    for number, told in enumerate(actions):
        here = f"actions.{number}"
        name = told.get("action") if isinstance(told, dict) else None
        action = actions_of(scope.subject).get(name) if isinstance(name, str) else None
        if action is None:
            is_known = any(name in actions_of(each) for each in Rule.Subject.values)
            errors[f"{here}.action"] = _NOT_HERE if is_known else _UNKNOWN
        elif scope.when not in action.when:
            errors[f"{here}.action"] = _NOT_HERE
        else:
            for extra in set(told) - {"action", *action.parameters}:
                errors[f"{here}.{str(extra)[:40]}"] = _UNKNOWN
            if action.one_of and not any(told.get(key) for key in action.one_of):
                errors[f"{here}.{min(action.one_of)}"] = _NOBODY
            for key, parameter in action.parameters.items():
                if not parameter.required and not told.get(key):
                    continue
                if problem := _check_parameter(parameter, told.get(key)):
                    errors[f"{here}.{key}"] = problem


def _check_parameter(parameter: Parameter, value: Any) -> str | Promise:
    if parameter.type == "number":
        return "" if type(value) is int and abs(value) < PRIORITY_MAX else _NO_NUMBER
    if parameter.type == "texts":
        if not isinstance(value, dict) or not any(value.values()):
            return _MISSING
        if not set(value) <= set(Language.values):
            return _UNKNOWN
        if not all(isinstance(text, str) for text in value.values()):
            return _UNKNOWN
        return _TOO_LONG if any(len(text) > TEXT_MAX for text in value.values()) else ""
    if parameter.type == "agents":
        if not isinstance(value, list) or len(value) > AGENTS_MAX:
            return _UNKNOWN
        return next((bad for one in value if (bad := _check_named("assignee", one))), "")
    if not isinstance(value, str) or not value.strip():
        return _MISSING
    if parameter.type == "tag":
        return _TOO_LONG if len(value) > NAME_MAX else ""
    if parameter.type in NAMED:
        return _check_named(NAMED[parameter.type], value)
    if parameter.choices is not None:
        return "" if value in parameter.choices else _UNKNOWN
    return "" if value == "customer" or is_address(value) else _UNKNOWN


def _check_named(field: str, value: Any) -> str | Promise:
    named = FIELDS[field].name_of
    if isinstance(value, str) and named and named(value):
        return ""
    return _("There is no such thing (any more).")


def missing_in(rule: Rule) -> str:
    """Return the place that names what was deleted since; "" when the rule can be used."""
    names = ("when", "subject", "after", "fires", "all", "any", "actions")
    errors = check_rule({name: getattr(rule, name) for name in names})
    return next(iter(errors), "")
