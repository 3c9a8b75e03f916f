"""Conditions, compiled once and asked often, with a trace of what each saw."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import re2

from automation.rules.fields import OPERATORS, Field, Type
from automation.rules.sight import Sight
from automation.rules.subjects import fields_of
from config.text.folding import fold

PATTERN_MAX = 500
# What a pattern says with letters that must stay as they are: escapes, classes, properties.
_LITERAL = re.compile(
    r"\\[pP]\{[^}]*\}|\\[pP].|\\x\{[^}]*\}|\\x[0-9A-Fa-f]{2}|\\.|\[:\^?\w+:\]|\(\?[^)>:]*[):>]"
)
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20


class BadPattern(ValueError):
    """A pattern that can't be read, or that needs more than we allow."""


class Seen(NamedTuple):
    """What one condition saw, and whether it held."""

    field: str
    operator: str
    value: Any
    saw: Any
    holds: bool

    def as_json(self) -> dict[str, Any]:
        """Return the shape of the wire."""
        return self._asdict()


class Node(Protocol):
    """A condition or a block of them."""

    @property
    def needs_query(self) -> bool:
        """Return whether it asks the database."""

    def holds(self, facts: Sight, trace: list[Seen] | None, *, all_of_it: bool = False) -> bool:
        """Return whether it holds, and note in `trace` what was seen.

        `all_of_it`: ask also what no longer matters.
        """


@dataclass(frozen=True)
class Condition:
    """A field, an operator and a value."""

    field: str
    operator: str
    value: Any
    looks_at: Field
    test: Callable[[Sight, Any], bool]

    @property
    def needs_query(self) -> bool:
        """Return whether it asks the database."""
        return self.looks_at.needs_query

    def holds(self, facts: Sight, trace: list[Seen] | None, *, all_of_it: bool = False) -> bool:
        """Compare, and note what was seen."""
        saw = self.looks_at.read(facts)
        if self.operator == "was":
            saw = facts.happening.before.get(self.field)
        held = self.test(facts, saw)
        if trace is not None:
            shown = saw[:200] if isinstance(saw, str) else saw
            trace.append(Seen(self.field, self.operator, self.value, shown, held))
        return held


@dataclass(frozen=True)
class Block:
    """Conditions of which all must hold, or one."""

    nodes: Sequence[Node]
    needs_all: bool

    @property
    def needs_query(self) -> bool:
        """Return whether any of them asks the database."""
        return any(node.needs_query for node in self.nodes)

    @cached_property
    def _cheap_first(self) -> Sequence[Node]:
        return sorted(self.nodes, key=lambda each: each.needs_query)

    def holds(self, facts: Sight, trace: list[Seen] | None, *, all_of_it: bool = False) -> bool:
        """Ask them in turn until the answer is known; those that cost nothing first."""
        if all_of_it:
            held = [node.holds(facts, trace, all_of_it=True) for node in self.nodes]
            return all(held) if self.needs_all else any(held)
        needs_all = self.needs_all
        for node in self._cheap_first:
            if node.holds(facts, trace) is not needs_all:
                return not needs_all
        return needs_all


def compile_nodes(
    nodes: Sequence[dict[str, Any]], *, needs_all: bool, subject: str = "chat"
) -> Block:
    """Return checked conditions ready to be asked."""
    return Block([_compile(node, subject) for node in nodes], needs_all)


def _compile(node: dict[str, Any], subject: str) -> Node:
    for name in ("all", "any"):
        if name in node:
            return compile_nodes(node[name], needs_all=name == "all", subject=subject)
    value, name, operator = node.get("value"), node["field"], node["operator"]
    field = fields_of(subject)[name]
    return Condition(name, operator, value, field, _test_of(name, field, operator, value))


def compile_pattern(pattern: str) -> Any:
    """Return a pattern for folded text. Raises `BadPattern`.

    Only its literal letters are folded: `\\S` is not `\\s`.
    """
    if len(pattern) > PATTERN_MAX:
        raise BadPattern
    parts, at = [], 0
    for kept in _LITERAL.finditer(pattern):
        parts += [fold(pattern[at : kept.start()]), kept.group()]
        at = kept.end()
    parts.append(fold(pattern[at:]))
    try:
        return re2.compile("".join(parts), _OPTIONS)
    except re2.error as error:
        raise BadPattern from error


type _Test = Callable[[Sight, Any], bool]


def _test_of(name: str, field: Field, operator: str, value: Any) -> _Test:
    if OPERATORS[operator].of_change:
        if operator == "changed":
            return lambda facts, saw: facts.happening.change == name
        same = _same(field.type, value)
        return lambda facts, saw: facts.happening.change == name and same(saw)
    if operator == "empty":
        return lambda facts, saw: saw is None or saw in ("", [])
    if operator == "not_empty":
        return lambda facts, saw: saw is not None and saw not in ("", [])
    if field.type is Type.TEXT and operator not in {"is", "is_not"}:
        return _test_of_text(operator, value)
    if operator in {"greater", "less"}:
        if operator == "greater":
            return lambda facts, saw: saw is not None and saw > value
        return lambda facts, saw: saw is not None and saw < value
    same = _same(field.type, value)
    if operator == "is":
        return lambda facts, saw: same(saw)
    return lambda facts, saw: not same(saw)


def _same(kind: Type, value: Any) -> Callable[[Any], bool]:
    if kind is Type.TAG:
        word = fold(str(value))
        return lambda saw: word in {fold(tag) for tag in saw}
    if kind is Type.TEXT:
        word = fold(str(value).strip())
        return lambda saw: fold(saw.strip()) == word
    if kind in {Type.BOOLEAN, Type.NUMBER}:
        return lambda saw: saw == value
    return lambda saw: saw is not None and str(saw) == str(value)


def _test_of_text(operator: str, value: str) -> _Test:
    if operator == "matches":
        pattern = compile_pattern(value)
        return lambda facts, saw: pattern.search(facts.folded(saw)) is not None
    word = fold(value)
    if operator == "contains":
        return lambda facts, saw: word in facts.folded(saw)
    if operator == "not_contains":
        return lambda facts, saw: word not in facts.folded(saw)
    return lambda facts, saw: facts.folded(saw).lstrip().startswith(word)
