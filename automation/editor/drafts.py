"""A rule as it is typed: what stands in the fields of its page, and what that tells the operations.

A field's name says where it stands: "all-0-field", in a block "all-1-0-field", "actions-0-text-tr".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.models import Language
from automation.models import Rule
from automation.rules.actions import Parameter
from automation.rules.checking import DEPTH_MAX, NAMED
from automation.rules.fields import FIELDS, OPERATORS, Field, Type
from automation.rules.subjects import Scope, actions_of, fields_for, fields_of, operators_of
from config.text.cleaning import mended

CUSTOMER, OTHER = "customer", "other"
# What a browser sends for a box that is ticked.
CHECKED = "on"
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_YES_NO = {"true": True, "false": False}


@dataclass
class Condition:
    """One condition as it is typed."""

    field: str = ""
    operator: str = ""
    value: str = ""


@dataclass
class Block:
    """Conditions of which all must hold, or one."""

    kind: str
    nodes: list["Condition | Block"] = field(default_factory=list)


@dataclass
class Step:
    """One action as it is typed; `typed` by the names of its fields, such as "text-tr"."""

    action: str = ""
    typed: dict[str, str] = field(default_factory=dict)


@dataclass
class Draft:
    """What a rule asks and does, as it is typed."""

    all: Block = field(default_factory=lambda: Block("all"))
    any: Block = field(default_factory=lambda: Block("any"))
    steps: list[Step] = field(default_factory=list)
    # What the rule is for: of that depends what its words mean.
    subject: str = str(Rule.Subject.CHAT)

    def told(self) -> dict[str, Any]:
        """Return it as the operations want it; what can't be read stays as it was typed."""
        return {
            "all": _told_nodes(self.all, self.subject),
            "any": _told_nodes(self.any, self.subject),
            "actions": [_told_step(step, self.subject) for step in self.steps],
        }

    def count(self) -> int:
        """Return how many conditions there are."""
        return _count(self.all) + _count(self.any)


def _count(block: Block) -> int:
    return sum(_count(node) if isinstance(node, Block) else 1 for node in block.nodes)


# From a rule


def draft_of(rule: Rule) -> Draft:
    """Return a stored rule as it would be typed."""
    return Draft(
        all=_block_of("all", rule.all),
        any=_block_of("any", rule.any),
        steps=[_step_of(told, rule.subject) for told in rule.actions],
        subject=rule.subject,
    )


def _block_of(kind: str, nodes: Sequence[Mapping[str, Any]]) -> Block:
    return Block(kind, [_node_of(node) for node in nodes])


def _node_of(node: Mapping[str, Any]) -> Condition | Block:
    for kind in ("all", "any"):
        if kind in node:
            return _block_of(kind, node[kind])
    return Condition(node["field"], node["operator"], _typed(node.get("value")))


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _step_of(told: Mapping[str, Any], subject: str) -> Step:
    step = Step(str(told.get("action", "")))
    for name, value in told.items():
        if isinstance(value, Mapping):
            step.typed |= {f"{name}-{code}": str(text) for code, text in value.items()}
        elif isinstance(value, list):
            step.typed |= {f"{name}-{key}": CHECKED for key in value}
        elif name != "action":
            step.typed[name] = _typed(value)
    for name, parameter in _parameters(step.action, subject).items():
        if parameter.type == "address" and step.typed.get(name) != CUSTOMER:
            step.typed |= {name: OTHER, f"{name}-address": step.typed.get(name, "")}
    return step


# From the page


def draft_from(posted: Mapping[str, str]) -> Draft:
    """Return what was sent from the page."""
    typed = {name: mended(text).replace("\r\n", "\n") for name, text in posted.items()}
    steps: list[Step] = []
    while f"actions-{len(steps)}-action" in typed:
        begin = f"actions-{len(steps)}-"
        own = {
            name.removeprefix(begin): text for name, text in typed.items() if name.startswith(begin)
        }
        steps.append(Step(own.pop("action"), own))
    both = (_posted("all", "all", typed, 1), _posted("any", "any", typed, 1))
    return Draft(*both, steps, typed.get("subject", str(Rule.Subject.CHAT)))


def _posted(kind: str, path: str, typed: Mapping[str, str], depth: int) -> Block:
    block = Block(kind)
    while True:
        here = f"{path}-{len(block.nodes)}"
        if f"{here}-field" in typed:
            name = typed[f"{here}-field"]
            node = Condition(name)
            # What was chosen for another field says nothing about this one.
            if typed.get(f"{here}-was", name) == name:
                node.operator = typed.get(f"{here}-operator", "")
                node.value = typed.get(f"{here}-value", "")
            block.nodes.append(node)
        elif f"{here}-kind" in typed and depth <= DEPTH_MAX:
            inner = "any" if typed[f"{here}-kind"] == "any" else "all"
            block.nodes.append(_posted(inner, here, typed, depth + 1))
        else:
            return block


def settle(draft: Draft, scope: Scope) -> None:
    """Choose what the page shows as chosen where nothing was: the first of each list."""
    for block in (draft.all, draft.any):
        _settle(block, scope)
    actions = actions_of(scope.subject).items()
    possible = [name for name, action in actions if scope.when in action.when]
    for step in draft.steps:
        step.action = step.action or possible[0]
        for name, parameter in _parameters(step.action, scope.subject).items():
            if parameter.type == "address":
                step.typed.setdefault(name, CUSTOMER)
            elif parameter.required and parameter.choices:
                step.typed[name] = step.typed.get(name) or next(iter(parameter.choices))
            elif parameter.required and (looked_at := field_of(parameter)):
                step.typed[name] = step.typed.get(name) or _first(looked_at, scope.when)


def _settle(block: Block, scope: Scope) -> None:
    fields = fields_of(scope.subject)
    for node in block.nodes:
        if isinstance(node, Block):
            _settle(node, scope)
            continue
        node.field = node.field or fields_for(*scope)[0]
        kind = fields[node.field].type if node.field in fields else None
        compared = OPERATORS.get(node.operator)
        if kind is not None and (compared is None or kind not in compared.types):
            possible = operators_of(node.field, *scope)
            node.operator = "contains" if "contains" in possible else possible[0]
        if kind is not None:
            node.value = node.value or _first(fields[node.field], scope.when)


def _first(looked_at: Field, when: str) -> str:
    """Return what a list of a field's values shows as chosen."""
    if looked_at.type is Type.BOOLEAN:
        return "true"
    return next(iter(looked_at.choices_for(when) or ()), "")


# For the operations


def _told_nodes(block: Block, subject: str) -> list[dict[str, Any]]:
    return [
        {node.kind: _told_nodes(node, subject)}
        if isinstance(node, Block)
        else _told_condition(node, subject)
        for node in block.nodes
    ]


def _told_condition(node: Condition, subject: str) -> dict[str, Any]:
    told: dict[str, Any] = {"field": node.field, "operator": node.operator}
    compared, looked_at = OPERATORS.get(node.operator), fields_of(subject).get(node.field)
    if compared is None or compared.takes_value:
        told["value"] = _read(looked_at, node.value)
    return told


def field_of(parameter: Parameter) -> Field | None:
    """Return the field whose values a parameter takes, where its type names one."""
    return FIELDS.get(NAMED.get(parameter.type, parameter.type))


def _read(looked_at: Field | None, typed: str) -> Any:
    if looked_at and looked_at.type is Type.BOOLEAN:
        return _YES_NO.get(typed, typed)
    return whole(typed) if looked_at and looked_at.type is Type.NUMBER else typed


def whole(typed: str) -> int | str:
    """Return the number that was typed, or what else it is."""
    return int(typed) if _WHOLE.fullmatch(typed.strip()) else typed


def ticked(typed: Mapping[str, str], name: str) -> list[str]:
    """Return the keys of a list whose boxes are ticked."""
    begin = f"{name}-"
    boxes = [key for key, value in typed.items() if value == CHECKED]
    return [key.removeprefix(begin) for key in boxes if key.startswith(begin)]


def _parameters(action: str, subject: str) -> Mapping[str, Parameter]:
    found = actions_of(subject).get(action)
    return found.parameters if found else {}


def _told_step(step: Step, subject: str) -> dict[str, Any]:
    told: dict[str, Any] = {"action": step.action}
    for name, parameter in _parameters(step.action, subject).items():
        typed = step.typed.get(name, "")
        value: Any = _read(field_of(parameter), typed)
        if parameter.type == "texts":
            given = {code: step.typed.get(f"{name}-{code}", "") for code in Language.values}
            value = {code: text for code, text in given.items() if text.strip()}
        elif parameter.type == "number":
            value = whole(typed)
        elif parameter.type == "agents":
            value = ticked(step.typed, name)
        elif parameter.type == "address" and typed != CUSTOMER:
            value = step.typed.get(f"{name}-address", "").strip()
        if parameter.required or value not in ("", {}, []):
            told[name] = value
    return told
