"""The list of rules: under their groups, in the order in which they look, each with its switch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext

from agents.admin.base import ImeceAdmin
from agents.callers import signed_in
from automation.models import Rule
from automation.rules.checking import missing_in
from automation.rules.named_rows import remembering_names
from automation.rules.sentences import said_of
from automation.rules.writing import change_rule, move_rule, place_rule
from config.text.cleaning import key_of


@dataclass(frozen=True, kw_only=True)
class Line:
    """One rule of the list."""

    rule: Any
    said: str
    problem: str
    is_first: bool
    is_last: bool


def groups_of(rules: Sequence[Rule]) -> list[tuple[str, list[Line]]]:
    """Return the rules by group, in their order."""
    with remembering_names():
        groups = groupby(rules, lambda each: each.group)
        return [(name, _lines(list(found))) for name, found in groups]


def _lines(rules: list[Rule]) -> list[Line]:
    return [
        Line(
            rule=rule,
            said=said_of(rule),
            problem=_problem(rule),
            is_first=number == 0,
            is_last=number == len(rules) - 1,
        )
        for number, rule in enumerate(rules)
    ]


def _problem(rule: Rule) -> str:
    if rule.switched_off:
        return gettext("Switched off by itself: it acted again and again because of other rules.")
    if missing_in(rule):
        return gettext("It names something that was deleted, and is skipped.")
    return ""


class OrderPages(ImeceAdmin):
    """Gives the admin of rules a list in which they are moved and switched."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Do what a button of a row says; else show the list."""
        told = request.POST.get("row", "")
        if told and self.has_change_permission(request):
            self._press(request, told)
            return HttpResponseRedirect(request.get_full_path())
        answer: HttpResponse = super().changelist_view(request, extra_context)
        data = getattr(answer, "context_data", None)
        if data and "cl" in data:
            data["groups"] = groups_of(data["cl"].result_list)
            data["modes"] = Rule.Mode.choices
        return answer

    def _press(self, request: HttpRequest, told: str) -> None:
        """Read "up:5", "trial:5", "before:5:7" or "behind:5:7", and do that."""
        verb, _colon, rest = told.partition(":")
        key, _colon, other_key = rest.partition(":")
        rule: Rule | None = Rule.objects.filter(pk=key_of(key)).first()
        if rule is None:
            return
        by = signed_in(request)
        if verb in Rule.Mode.values:
            change_rule(rule=rule, mode=verb, by=by, now=timezone.now())
        elif verb in {"up", "down"}:
            move_rule(rule=rule, up=verb == "up", by=by)
        elif verb in {"before", "behind"}:
            other: Rule | None = Rule.objects.filter(pk=key_of(other_key)).first()
            if other is None or other.pk == rule.pk:
                return
            before = other if verb == "before" else _next(other, rule)
            place_rule(rule=rule, before=before, group=other.group, by=by)


def _next(rule: Rule, besides: Rule) -> Rule | None:
    order = list(Rule.objects.filter(group=rule.group).exclude(pk=besides.pk).in_order())
    at = [each.pk for each in order].index(rule.pk) + 1
    return order[at] if at < len(order) else None
