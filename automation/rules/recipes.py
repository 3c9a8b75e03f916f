"""Ready rules that are switched on as a whole: a few texts to fill in, and nothing to build."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Brand
from automation.models import Rule
from automation.rules.actions import TEXT_MAX
from automation.rules.writing import add_rule, change_rule, first_position

type Texts = Mapping[str, str]


class InvalidTexts(Exception):
    """A text of a recipe is unknown, empty or too long; `errors` name the places."""

    def __init__(self, errors: dict[str, str | Promise]) -> None:
        super().__init__(list(errors))
        self.errors = errors


@dataclass(frozen=True, kw_only=True)
class Part:
    """One rule of a recipe."""

    name: Texts
    told: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Rules that belong together."""

    title: str | Promise
    guide: str | Promise
    # What can be said otherwise: a label, and the text in each language.
    labels: Mapping[str, str | Promise]
    texts: Mapping[str, Texts]
    parts: Callable[[Mapping[str, Texts]], Sequence[Part]]


_BUSY = {
    "tr": "Üzgünüz, şu anda herkes meşgul gibi görünüyor. Sorunuzu aldık ve e-posta yoluyla kısa "
    "sürede geri dönüş yapacağız.",
    "en": "Sorry, everyone seems to be busy at the moment. We have your question and will get back "
    "to you by e-mail shortly.",
}
_PLACE = {
    "tr": "Sohbet sıradaki yerini koruyor: bir temsilci boşalırsa burada yanıtlar.",
    "en": "Your chat keeps its place in line: if an agent becomes free, you are answered here.",
}
_ASK = {
    "tr": "Size yazabilmemiz için e-posta adresinizi buraya yazar mısınız?",
    "en": "Could you write your e-mail address here, so that we can reach you?",
}
_SUBJECT = {"tr": "Sorunuzu aldık", "en": "We have your question"}


def _is(field: str, value: Any, operator: str = "is") -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


_NOBODY_HAS_IT = {"field": "assignee", "operator": "empty"}


def _everyone_busy(texts: Mapping[str, Texts]) -> list[Part]:
    sentence = {"action": "send_message", "text": dict(texts["busy"])}
    both = {
        code: f"{texts['busy'][code]}\n\n{texts['place'][code]}".strip() for code in texts["busy"]
    }
    in_line = [
        # First the ticket: its number is part of what the customer then reads.
        {"action": "convert"},
        {"action": "send_message", "text": both},
        {"action": "ask_email", "text": dict(texts["ask"])},
    ]
    once = {"fires": "once", "family": "everyone-busy", "stop": True, "any": []}
    waits = [_is("status", "queued"), _NOBODY_HAS_IT]
    return [
        Part(
            name={"tr": "Herkes meşgul: bırakılan mesaj", "en": "Everyone is busy: message left"},
            told={
                **once,
                "when": "incoming",
                "all": [_is("status", "resolved"), _is("availability", "online", "is_not")],
                "actions": [
                    sentence,
                    {
                        "action": "send_email",
                        "to": "customer",
                        "subject": dict(texts["subject"]),
                        "text": dict(texts["busy"]),
                    },
                ],
            },
        ),
        Part(
            name={"tr": "Herkes meşgul: sıraya giren", "en": "Everyone is busy: joins the line"},
            told={
                **once,
                "when": "incoming",
                "all": [*waits, _is("availability", "online", "is_not")],
                "actions": in_line,
            },
        ),
        Part(
            name={"tr": "Herkes meşgul: sırada bekleyen", "en": "Everyone is busy: waits in line"},
            told={
                **once,
                "when": "time",
                "after": {"since": "queued", "minutes": 1},
                "all": waits,
                "actions": in_line,
            },
        ),
        Part(
            name={"tr": "Herkes meşgul: yazılan adres", "en": "Everyone is busy: address written"},
            told={
                "fires": "every",
                "when": "updated",
                "all": [
                    _is("change", "customer_word"),
                    _is("text", "@", "contains"),
                    _is("email_known", False),
                    {"field": "assignee", "operator": "empty"},
                ],
                "any": [],
                "actions": [{"action": "save_email"}],
                "stop": False,
            },
        ),
    ]


RECIPES: Mapping[str, Recipe] = {
    "everyone-busy": Recipe(
        title=_("Everyone is busy"),
        guide=_(
            "Whoever finds nobody free reads this sentence at once: in the panel and by e-mail if "
            "they leave a message, in the chat if they stand in line or have waited there for a "
            "minute. Their place in line stays theirs. A ticket is made in case nobody comes; "
            "if an agent takes the chat and resolves it, the ticket is resolved with it. Who is "
            "served never reads the sentence, and nobody reads it twice in one chat."
        ),
        labels={
            "busy": _("The sentence"),
            "place": _("Added in the chat: the place in line stays"),
            "ask": _("Asked in the chat if no e-mail address is known"),
            "subject": _("Subject of the e-mail"),
        },
        texts={"busy": _BUSY, "place": _PLACE, "ask": _ASK, "subject": _SUBJECT},
        parts=_everyone_busy,
    ),
}


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
    by: Agent | None,
    now: datetime,
) -> tuple[list[Rule], bool]:
    """Make the rules of a recipe, or let those there are say what is wished now.

    Returns them, and whether they are new. Raises `InvalidTexts`.
    """
    recipe = RECIPES[name]
    wanted = _texts_of(recipe, texts or {})
    there = installed_rules(name, brand)
    parts = recipe.parts(wanted)
    language = by.language if by else "tr"
    if len(there) == len(parts):
        for rule, part in zip(there, parts, strict=True):
            change = dict(part.told) | ({"mode": mode} if mode else {})
            change_rule(rule=rule, by=by, now=now, **change)
        return there, False
    for rule in there:
        rule.delete()
    first = first_position()
    made = []
    for number, part in enumerate(parts):
        rule = add_rule(
            by=by,
            now=now,
            name=part.name[language],
            mode=mode or Rule.Mode.ON,
            brand=brand,
            position=first + number,
            recipe=name,
            **part.told,
        )
        made.append(rule)
    return made, True


def texts_in_use(name: str, brand: Brand | None) -> dict[str, dict[str, str]]:
    """Return what the rules of a recipe say now, else what they would."""
    recipe = RECIPES[name]
    found = {key: dict(texts) for key, texts in recipe.texts.items()}
    rules = installed_rules(name, brand)
    if rules and name == "everyone-busy":
        mail = rules[0].actions[1]
        asked = rules[1].actions[2]
        found |= {"busy": mail["text"], "subject": mail["subject"], "ask": asked["text"]}
        said = rules[1].actions[1]["text"]
        found["place"] = {
            code: text.removeprefix(found["busy"].get(code, "")).strip()
            for code, text in said.items()
        }
    return found


def _texts_of(recipe: Recipe, given: Mapping[str, Texts]) -> dict[str, dict[str, str]]:
    errors: dict[str, str | Promise] = {}
    found = {key: dict(texts) for key, texts in recipe.texts.items()}
    for key, texts in given.items():
        if key not in found or not isinstance(texts, Mapping):
            errors[f"texts.{key[:40]}"] = _("This is not known.")
            continue
        for code, text in texts.items():
            if code not in found[key] or not isinstance(text, str):
                errors[f"texts.{key}.{str(code)[:10]}"] = _("This is not known.")
            elif not text.strip() and key != "place":
                errors[f"texts.{key}.{code}"] = _("This field is required.")
            elif len(text) > TEXT_MAX // 2:
                errors[f"texts.{key}.{code}"] = _("This text is too long.")
            else:
                found[key][code] = text.replace("\r\n", "\n").strip()
    if errors:
        raise InvalidTexts(errors)
    return found
