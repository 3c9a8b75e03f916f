"""Canned replies that an agent may use, and what a picker offers of them."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from agents.access import Access
from agents.models import CannedFile, CannedReply
from config.text.folding import fold

# More than anybody reads in a list; the filter runs in the browser.
OFFERED = 300
# What is said beside a text that is being written.
FILLED_IN = _(
    "Filled in by itself: {{visitor.name}}, {{visitor.email}}, {{agent.name}}, "
    "{{agent.first_name}}, {{brand.name}}, {{topic}}, {{chat.id}}. What stands after | "
    "is written when nothing is known: {{visitor.name|dear customer}}."
)
# The files of many replies in one query, in the order in which they came.
WITH_FILES = Prefetch("files", queryset=CannedFile.objects.order_by("pk"))
_VARIABLE = re.compile(r"\{\{\s*([a-z][a-z_.]*)\s*(?:\|([^{}]*))?\}\}")


def canned_for(access: Access) -> QuerySet[CannedReply]:
    """Return the agent's own replies, and those of everybody, of own teams and own brands."""
    brands = access.brand_ids()
    of_brand = Q() if brands is None else Q(brand=None) | Q(brand__in=brands)
    of_team = Q() if access.everything else Q(team=None) | Q(team__in=access.team_ids)
    shared = Q(agent=None) & of_brand & of_team
    return CannedReply.objects.filter(Q(agent=access.agent_id) | shared).order_by("shortcut", "pk")


def replies_in(access: Access, *, brand_id: int, language: str) -> QuerySet[CannedReply]:
    """Return the replies that an agent may use with a brand's customer, most used first."""
    return (
        canned_for(access)
        .filter(Q(brand=None) | Q(brand=brand_id), language=language)
        .order_by("-used_count", "shortcut", "pk")
    )


def files_for(access: Access) -> QuerySet[CannedFile]:
    """Return the files of the replies that an agent may use."""
    return CannedFile.objects.filter(reply__in=canned_for(access).order_by().values("pk"))


class Filled(NamedTuple):
    """A text, and whether it still has variables that somebody must fill in."""

    text: str
    is_complete: bool


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Replace `{{name}}` and `{{name|fallback}}` by `values`, the only names there are.

    A variable without value and fallback stays as it is: the composer does not send it.

    >>> fill("Merhaba {{visitor.name|Değerli müşterimiz}}", {"visitor.name": ""}).text
    'Merhaba Değerli müşterimiz'
    """
    complete = True

    def replaced(match: re.Match[str]) -> str:
        nonlocal complete
        value = values.get(match[1], "") or (match[2] or "").strip()
        if not value:
            complete = False
            return match[0]
        return value

    return Filled(_VARIABLE.sub(replaced, text), complete)


def variables_in(text: str) -> list[tuple[str, str]]:
    """Return each variable's name and what is written when it is not known."""
    return [(name, usual.strip()) for name, usual in _VARIABLE.findall(text)]


def without_variables(values: Mapping[str, str]) -> dict[str, str]:
    """Return values in which braces of a customer's name are no variable that blocks sending."""
    return {name: value.replace("{{", "{ {") for name, value in values.items()}


def offered_of(replies: QuerySet[CannedReply], values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return replies with their texts filled by `values`, ready for the picker."""
    return [
        {
            "id": reply.pk,
            "shortcut": reply.shortcut,
            "title": reply.title,
            "text": fill(reply.body, values).text,
            "files": [file.wire for file in reply.files.all()],
            "keys": [fold(reply.shortcut), fold(reply.title), fold(reply.body)],
        }
        for reply in replies.prefetch_related(WITH_FILES)[:OFFERED]
    ]
