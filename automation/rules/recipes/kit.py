"""What ready recipes are made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from automation.models import Rule

type Texts = Mapping[str, str]
# Everything that is said, by its key, in each language.
type AllTexts = Mapping[str, Texts]
type Settings = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One rule of a recipe."""

    name: Texts
    told: Mapping[str, Any]
    # Whether these settings have use for it; otherwise it is off.
    is_used: bool = True


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Something to choose; the first choice is the usual one."""

    label: str | Promise
    choices: Mapping[str, str | Promise]

    @property
    def usual(self) -> str:
        """Return what is chosen where nobody has chosen."""
        return next(iter(self.choices))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Rules that belong together."""

    title: str | Promise
    # What it does in one line, and all of it.
    brief: str | Promise
    guide: str | Promise
    # What can be said otherwise: a label, and the text in each language for these settings.
    labels: Mapping[str, str | Promise]
    texts: Callable[[Settings], AllTexts]
    parts: Callable[[AllTexts, Settings], Sequence[Part]]
    # What its rules say and how they are set, as far as they are still as the recipe made them.
    read: Callable[[Sequence[Rule]], tuple[dict[str, Any], dict[str, str]]]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()


def condition(name: str, value: Any, operator: str = "is") -> dict[str, Any]:
    """Return a condition."""
    return {"field": name, "operator": operator, "value": value}


NOBODY_HAS_IT = {"field": "assignee", "operator": "empty"}
CUSTOMER_WROTE = condition("change", "customer_word")
# Of rules that say so only one answers in a stay.
BUSY_FAMILY = "everyone-busy"


def said(rule: Rule, number: int = 0) -> dict[str, str]:
    """Return the texts that a rule says with its first, second … message."""
    return _of(rule, ("send_message",), number)


def asked(rule: Rule) -> dict[str, str]:
    """Return the texts with which a rule asks for the address."""
    return _of(rule, ("ask_email",), 0)


def mailed(rule: Rule, part: str) -> dict[str, str]:
    """Return subject or text of a rule's first e-mail."""
    return _of(rule, ("send_email",), 0, part)


def _of(rule: Rule, names: Sequence[str], number: int, part: str = "text") -> dict[str, str]:
    found = [told[part] for told in rule.actions if told.get("action") in names and part in told]
    return dict(found[number]) if number < len(found) else {}


def together(first: Texts, second: Texts) -> dict[str, str]:
    """Return two texts as two paragraphs of one, in each language."""
    return {code: f"{first[code]}\n\n{second[code]}".strip() for code in first}


def without(both: Texts, first: Texts) -> dict[str, str]:
    """Return the second paragraph of what `together` made."""
    return {code: text.removeprefix(first.get(code, "")).strip() for code, text in both.items()}
