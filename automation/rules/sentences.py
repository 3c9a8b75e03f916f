"""Rules said back in plain sentences, in the language that is active."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.text import Truncator, capfirst
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from automation.models import Rule
from automation.rules.checking import NAMED
from automation.rules.fields import FIELDS, OPERATORS, Type
from automation.rules.phrases import phrase_of
from automation.rules.subjects import actions_of, fields_of

# How much of a text a sentence repeats; of one without spaces, letters.
_WORDS, _LETTERS = 8, 80
_EDGES = {"opens": _("When the desk opens"), "closes": _("When the desk closes")}
_BEGINS = {
    ("incoming", "chat"): _("When a chat or message comes in"),
    ("incoming", "ticket"): _("When a ticket comes in"),
    ("incoming", "both"): _("When a chat, message or ticket comes in"),
    ("updated", "chat"): _("When something happens in a chat"),
    ("updated", "ticket"): _("When something happens in a ticket"),
    ("updated", "both"): _("When something happens in a chat or ticket"),
}
# Stands for what was not filled in yet.
_OPEN = "…"


def said_of(rule: Rule) -> str:
    """Return the whole rule in plain sentences."""
    more = [_how_often(rule)] if rule.fires != "every" else []
    if rule.stop:
        more.append(gettext("No further rule looks then."))
    return " ".join([_what(rule), *filter(None, more)])


def _how_often(rule: Rule) -> str:
    if rule.fires == "once":
        return {
            Rule.Subject.TICKET: gettext("Once per ticket."),
            Rule.Subject.BOTH: gettext("Once per chat or ticket."),
        }.get(Rule.Subject(rule.subject), gettext("Once per chat."))
    minutes = rule.fires.get("minutes") if isinstance(rule.fires, dict) else None
    if not isinstance(minutes, int):
        return ""
    return ngettext(
        "Not again within %(minutes)d minute.", "Not again within %(minutes)d minutes.", minutes
    ) % {"minutes": minutes}


def _what(rule: Rule) -> str:
    begin = _begin(rule)
    subject = rule.subject
    parts = [_block(rule.all, gettext("and"), subject)] if rule.all else []
    if rule.any:
        parts.append(_block(rule.any, gettext("or"), subject))
    does = gettext(", then ").join(said_of_action(told, subject) for told in rule.actions)
    if not parts:
        return gettext("%(when)s: %(does)s.") % {"when": begin, "does": does}
    conditions = f" {gettext('and')} ".join(
        f"({part})" if len(parts) > 1 else part for part in parts
    )
    told = {"when": begin, "conditions": conditions, "does": does}
    return gettext("%(when)s, if %(conditions)s: %(does)s.") % told


def _begin(rule: Rule) -> str:
    if rule.when != Rule.When.TIME:
        return str(_BEGINS[rule.when, rule.subject])
    minutes = rule.after.get("minutes", 0)
    if not isinstance(minutes, int):
        minutes = 0
    if not minutes and (edge := _EDGES.get(rule.after.get("since", ""))):
        return str(edge)
    told = {"minutes": minutes, "since": since_text(rule.after.get("since", ""), rule.subject)}
    return capfirst(
        ngettext(
            "%(minutes)d minute after %(since)s", "%(minutes)d minutes after %(since)s", minutes
        )
        % told
    )


def since_text(since: str, subject: str = "chat") -> str:
    """Return from when a time rule counts."""
    if (since, subject) == ("created", Rule.Subject.TICKET):
        return gettext("the ticket was opened")
    return {
        "waiting": gettext("the customer's unanswered word"),
        "idle": gettext("our answer without a reply"),
        "queued": gettext("the chat joined the line and nobody was rung"),
        "customer_word": gettext("the customer's last word"),
        "agent_word": gettext("the agent's last word"),
        "created": gettext("the chat began"),
        "opens": gettext("the desk opens"),
        "closes": gettext("the desk closes"),
    }.get(since, since)


def _block(nodes: Sequence[Mapping[str, Any]], between: str, subject: str) -> str:
    return f" {between} ".join(_node(node, subject) for node in nodes)


def _node(node: Mapping[str, Any], subject: str) -> str:
    if "all" in node:
        return f"({_block(node['all'], gettext('and'), subject)})"
    if "any" in node:
        return f"({_block(node['any'], gettext('or'), subject)})"
    return said_of_condition(node["field"], node["operator"], node.get("value"), subject)


def said_of_condition(name: str, operator: str, value: Any, subject: str = "chat") -> str:
    """Return one condition in words; what is not known (any more) is shown as it stands."""
    field, compared = fields_of(subject).get(name), OPERATORS.get(operator)
    if field is None or compared is None:
        return f"{name} {operator} {value}"
    if phrase := phrase_of(name, operator, value):
        return phrase
    if name == "change" and operator == "is" and field.choices:
        # What happened needs no name before it.
        return str(field.choices.get(str(value), value))
    if field.type is Type.BOOLEAN:
        yes = gettext("yes") if value else gettext("no")
        return gettext("%(field)s: %(value)s") % {"field": field.label, "value": yes}
    if field.type is Type.CHOICE and operator == "is" and field.choices:
        told = {"field": field.label, "value": field.choices.get(str(value), value)}
        return gettext("%(field)s: %(value)s") % told
    told = {"field": field.label, "operator": compared.label}
    if not compared.takes_value:
        return gettext("%(field)s %(operator)s") % told
    shown = _OPEN if value in (None, "") else value
    if field.choices:
        shown = field.choices.get(str(value), shown)
    elif field.name_of and shown is value:
        shown = field.name_of(str(value)) or gettext("(deleted)")
    told["value"] = f"“{shown}”" if field.type is not Type.NUMBER else str(shown)
    return gettext("%(field)s %(operator)s %(value)s") % told


def said_of_value(name: str, value: Any, subject: str = "chat") -> str:
    """Return what a condition saw in a field."""
    field = fields_of(subject).get(name)
    if value is None or value in ("", []):
        return gettext("nothing")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if field is not None and field.choices:
        return str(field.choices.get(str(value), value))
    if field is not None and field.name_of:
        return field.name_of(str(value)) or str(value)
    return str(value)


def said_of_action(told: Mapping[str, Any], subject: str = "chat") -> str:
    """Return what an action does."""
    action = actions_of(subject).get(told.get("action", ""))
    if action is None:
        return str(told.get("action", ""))
    parts = [str(action.label)]
    for name, parameter in action.parameters.items():
        value = told.get(name)
        if parameter.type == "texts" and isinstance(value, Mapping):
            text = value.get(get_language() or "en") or next(iter(value.values()), "") or _OPEN
            parts.append(f"“{_shortened(text)}”")
        elif value is None:
            continue
        elif parameter.choices is not None:
            parts.append(f"“{parameter.choices.get(str(value), value)}”")
        elif parameter.type in {*NAMED, "agents"}:
            named = FIELDS[NAMED.get(parameter.type, "assignee")].name_of
            keys = value if isinstance(value, list) else [value]
            gone = gettext("(deleted)")
            parts += [
                f"“{((named and named(str(key))) or gone) if key else _OPEN}”" for key in keys
            ]
        elif parameter.type in FIELDS and value:
            parts.append(f"“{said_of_value(parameter.type, value)}”")
        elif parameter.type == "address":
            parts.append(gettext("(to the customer)") if value == "customer" else f"({value})")
        else:
            parts.append(f"“{value or _OPEN}”")
    return " ".join(parts)


def _shortened(text: str) -> str:
    return Truncator(Truncator(text).words(_WORDS)).chars(_LETTERS)


def said_of_trace(nodes: Sequence[Mapping[str, Any]], subject: str = "chat") -> str:
    """Return why a rule acted: the conditions that held."""
    held = [
        said_of_condition(node["field"], node["operator"], node["value"], subject)
        for node in nodes
        if node["holds"]
    ]
    return ", ".join(held) or gettext("it has no conditions")
