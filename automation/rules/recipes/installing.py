"""Making the rules of a recipe, and letting them say something else."""

from collections.abc import Mapping
from datetime import datetime
from itertools import product
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Brand
from automation.models import Rule
from automation.rules.actions import TEXT_MAX
from automation.rules.recipes.asking import ASK_EMAIL
from automation.rules.recipes.busy import EVERYONE_BUSY
from automation.rules.recipes.closed import CLOSED_GREETING
from automation.rules.recipes.kit import Part, Recipe, Texts
from automation.rules.writing import add_rule, change_rule, first_position

RECIPES: Mapping[str, Recipe] = {
    "everyone-busy": EVERYONE_BUSY,
    "ask-email": ASK_EMAIL,
    "closed-greeting": CLOSED_GREETING,
}
# Whose rules are looked at first: what answers a customer comes before what asks one.
_ORDER = ("closed-greeting", "everyone-busy", "ask-email")
_UNKNOWN = _("This is not known.")


class InvalidTexts(Exception):
    """A text or setting of a recipe is unknown, empty or too long; `errors` name the places."""

    def __init__(self, errors: dict[str, str | Promise]) -> None:
        super().__init__(list(errors))
        self.errors = errors


def installed_rules(name: str, brand: Brand | None) -> list[Rule]:
    """Return the rules of a recipe, as far as they are there."""
    return list(Rule.objects.filter(recipe=name, brand=brand).order_by("pk"))


@transaction.atomic
def install_recipe(
    *,
    name: str,
    brand: Brand | None = None,
    mode: str | None = None,
    texts: Mapping[str, Texts] | None = None,
    settings: Mapping[str, str] | None = None,
    by: Agent | None,
    now: datetime,
) -> tuple[list[Rule], bool]:
    """Make the rules of a recipe, or let those there say what is wished now.

    Returns them, and whether they are new. Raises `InvalidTexts`.
    """
    recipe = RECIPES[name]
    chosen = _settings_of(recipe, settings or {})
    parts = recipe.parts(_texts_of(recipe, texts or {}, chosen), chosen)
    there = installed_rules(name, brand)
    language = by.language if by else "tr"
    if len(there) == len(parts):
        usual = mode or there[0].mode
        for rule, part in zip(there, parts, strict=True):
            change = dict(part.told)
            wanted = _mode_of(part, usual)
            if mode or wanted == Rule.Mode.OFF or (part.is_used and rule.mode == Rule.Mode.OFF):
                change["mode"] = wanted
            change_rule(rule=rule, by=by, now=now, **change)
        return there, False
    for rule in there:
        rule.delete()
    first = _place_of(name)
    made = []
    for number, part in enumerate(parts):
        rule = add_rule(
            by=by,
            now=now,
            name=part.name[language],
            mode=_mode_of(part, mode or Rule.Mode.ON),
            brand=brand,
            position=first + number,
            recipe=name,
            **part.told,
        )
        made.append(rule)
    return made, True


def _mode_of(part: Part, mode: str) -> str:
    return mode if part.is_used else str(Rule.Mode.OFF)


def _place_of(name: str) -> int:
    """Return a place before all rules but those of recipes that come first."""
    before = Rule.objects.filter(recipe__in=_ORDER[: _ORDER.index(name)])
    last: int | None = before.aggregate(last=Max("position"))["last"]
    return first_position() if last is None else last + 1


def texts_in_use(name: str, brand: Brand | None) -> dict[str, dict[str, str]]:
    """Return what the rules of a recipe say now, else what they would."""
    recipe, (texts, settings) = RECIPES[name], _in_use(name, brand)
    usual = recipe.texts(settings)
    return {key: dict(usual[key]) | texts.get(key, {}) for key in usual}


def settings_in_use(name: str, brand: Brand | None) -> dict[str, str]:
    """Return how the rules of a recipe are set, else how they would be."""
    return _in_use(name, brand)[1]


def mode_in_use(name: str, brand: Brand | None) -> str | None:
    """Return how a recipe is switched: "" when its rules differ, None when it has none."""
    recipe, rules = RECIPES[name], installed_rules(name, brand)
    if not rules:
        return None
    parts = recipe.parts(texts_in_use(name, brand), settings_in_use(name, brand))
    used = [part.is_used for part in parts] if len(parts) == len(rules) else [True] * len(rules)
    modes = {rule.mode for rule, is_used in zip(rules, used, strict=True) if is_used}
    return modes.pop() if len(modes) == 1 else ""


def _in_use(name: str, brand: Brand | None) -> tuple[dict[str, Any], dict[str, str]]:
    recipe, rules = RECIPES[name], installed_rules(name, brand)
    usual = {key: setting.usual for key, setting in recipe.settings.items()}
    if len(rules) != len(recipe.parts(recipe.texts(usual), usual)):
        return {}, usual
    texts, settings = recipe.read(rules)
    usual.update(settings)
    return texts, usual


def _settings_of(recipe: Recipe, given: Mapping[str, str]) -> dict[str, str]:
    chosen = {key: setting.usual for key, setting in recipe.settings.items()}
    chosen.update(given)
    errors: dict[str, str | Promise] = {
        key: _UNKNOWN
        for key, value in chosen.items()
        if key not in recipe.settings or value not in recipe.settings[key].choices
    }
    if errors:
        raise InvalidTexts(errors)
    return chosen


def _texts_of(
    recipe: Recipe, given: Mapping[str, Texts], settings: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    errors: dict[str, str | Promise] = {}
    found = {key: dict(texts) for key, texts in recipe.texts(settings).items()}
    for key, texts in given.items():
        if key not in found or not isinstance(texts, Mapping):
            errors[f"texts.{key[:40]}"] = _UNKNOWN
            continue
        for code, text in texts.items():
            if code not in found[key] or not isinstance(text, str):
                errors[f"texts.{key}.{str(code)[:10]}"] = _UNKNOWN
            elif not text.strip() and key not in recipe.optional:
                errors[f"texts.{key}.{code}"] = _("This field is required.")
            elif len(text) > TEXT_MAX // 2:
                errors[f"texts.{key}.{code}"] = _("This text is too long.")
            elif (clean := text.replace("\r\n", "\n").strip()) not in _usual(recipe, key, code):
                found[key][code] = clean
    if errors:
        raise InvalidTexts(errors)
    return found


def _usual(recipe: Recipe, key: str, code: str) -> set[str]:
    """Return what a text is with any settings: who changes only those means another usual text."""
    names = list(recipe.settings)
    ways = product(*(recipe.settings[name].choices for name in names))
    return {recipe.texts(dict(zip(names, way, strict=True)))[key][code] for way in ways}
