"""The page of one rule: built, said back, tried on a real chat, and saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin
from agents.callers import signed_in
from agents.models import Tag
from automation.editor.drafts import Block, Condition, Draft, Step, draft_from, draft_of, settle
from automation.editor.forms import GROUPS, TAGS, RuleForm, initial_of
from automation.editor.moves import NoSuchPlace, press
from automation.editor.rows import sheet_of
from automation.editor.trying import TryForm
from automation.models import Rule
from automation.rules.checking import Errors, check_rule
from automation.rules.recipes import RECIPES
from automation.rules.sentences import said_of, said_of_condition, said_of_value
from automation.rules.trying import try_rule
from automation.rules.writing import InvalidRule, add_rule, change_rule
from config.text.cleaning import key_of
from tickets.models import Ticket

# So many are offered while a tag is typed; any other can be typed all the same.
_TAGS = 1000
# What is wrong as soon as it is chosen, and not only when the rule is to be saved.
_AT_ONCE = (".field", ".operator", ".action")
_SAID = {
    "add": _("Added."),
    "block": _("Added."),
    "remove": _("Removed."),
    "up": _("Moved."),
    "down": _("Moved."),
}


@dataclass(kw_only=True)
class Tried:
    """What one condition or block came to."""

    said: str
    saw: str
    holds: bool
    rows: list["Tried"]


def tried_rows(rule: Rule, seen: list[dict[str, Any]]) -> list[Tried]:
    """Return what each condition saw, in the rule's own order and blocks."""
    left = iter(seen)
    found = [_tried(node, left, rule.subject) for node in rule.all]
    if rule.any:
        found.append(_tried({"any": rule.any}, left, rule.subject))
    return found


def _tried(node: Mapping[str, Any], left: Any, subject: str) -> Tried:
    for kind, said in (("all", gettext("all of these")), ("any", gettext("one of these"))):
        if kind in node:
            rows = [_tried(each, left, subject) for each in node[kind]]
            held = [row.holds for row in rows]
            holds = all(held) if kind == "all" else any(held)
            return Tried(said=said, saw="", holds=holds, rows=rows)
    seen = next(left)
    said = said_of_condition(seen["field"], seen["operator"], seen["value"], subject)
    saw = said_of_value(seen["field"], seen["saw"], subject)
    return Tried(said=said, saw=saw, holds=seen["holds"], rows=[])


class RulePages(ImeceAdmin):
    """Gives the admin of rules the page on which one is built."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Show and take a rule."""
        rule: Rule | None = None
        if object_id is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
        else:
            rule = self.get_object(request, object_id)
            if rule is None:
                raise Http404
            if not self.has_change_permission(request, rule):
                raise PermissionDenied
            if rule.recipe in RECIPES:
                return HttpResponseRedirect(recipe_url(rule))
        page = _OnePage(self, request, rule)
        return page.answer() if request.method == "POST" else page.page()


def recipe_url(rule: Rule) -> str:
    """Return the page of the recipe that a rule belongs to."""
    page = reverse("admin:automation_recipe", args=[rule.recipe])
    return page if rule.brand_id is None else f"{page}?brand={rule.brand_id}"


class _OnePage:
    """One request to the page of one rule, which may be new."""

    def __init__(self, admin: ImeceAdmin, request: HttpRequest, rule: Rule | None) -> None:
        self._admin, self._request, self._rule = admin, request, rule
        self._tried: dict[str, Any] | None = None
        self._focus: list[str] = []
        self._said = ""
        self._is_checked = False
        if rule is None:
            self._head = RuleForm()
            self._draft = Draft(all=Block("all", [Condition()]), steps=[Step()])
            self._errors: Errors = {}
        else:
            self._head = RuleForm(initial=initial_of(rule))
            self._draft = draft_of(rule)
            self._errors = check_rule(self._told())
        typed = {"chat": request.GET.get("chat", "")}
        self._trying = TryForm(request, self._head.scope.subject, initial=typed)

    def _told(self) -> dict[str, Any]:
        return self._head.told() | self._draft.told()

    def answer(self) -> HttpResponse:
        """Do what was pressed; nothing is kept but by saving."""
        request = self._request
        posted = request.POST.dict()
        act = str(posted.get("act", "save"))
        self._is_checked = act in {"save", "copy"} or bool(posted.get("checked"))
        self._head = RuleForm(request.POST) if self._is_checked else _unchecked(request.POST)
        self._draft = draft_from({name: str(text) for name, text in posted.items()})
        self._trying = TryForm(request, self._head.scope.subject, request.POST)
        if act not in {"save", "copy", "try", "refresh"}:
            try:
                self._focus = press(self._draft, act)
            except NoSuchPlace:
                pass
            else:
                self._said = str(_SAID[act.partition(":")[0]])
        settle(self._draft, self._head.scope)
        self._errors = check_rule(self._told())
        if act == "try":
            self._try()
        elif act in {"save", "copy"} and self._head.is_valid():
            try:
                return self._save(as_copy=act == "copy")
            except InvalidRule as error:
                self._errors = error.errors
        if not self._is_checked and act != "try":
            self._errors = {
                place: text for place, text in self._errors.items() if place.endswith(_AT_ONCE)
            }
        return self.page()

    def _save(self, *, as_copy: bool) -> HttpResponse:
        given = self._head.cleaned_data
        told = self._told() | {name: given[name] for name in ("mode", "brand", "group", "stop")}
        by, now = signed_in(self._request), timezone.now()
        if as_copy or self._rule is None:
            name = copied(given["name"]) if as_copy else given["name"]
            mode = Rule.Mode.OFF if as_copy else told["mode"]
            rule = add_rule(by=by, now=now, **told | {"name": name, "mode": mode})
        else:
            rule = change_rule(rule=self._rule, by=by, now=now, **told | {"name": given["name"]})
        said = gettext("Saved: %(name)s.") % {"name": rule.name}
        self._admin.message_user(self._request, said, messages.SUCCESS)
        if as_copy:
            page = reverse("admin:automation_rule_change", args=[rule.pk])
            return HttpResponseRedirect(page)
        return HttpResponseRedirect(reverse("admin:automation_rule_changelist"))

    def _try(self) -> None:
        row = self._trying.found()
        self._is_checked = self._is_checked or bool(self._errors)
        if row is None or self._errors:
            return
        rule = self._as_rule()
        found = try_rule(rule, row, now=timezone.now())
        self._tried = {
            "ticket" if isinstance(row, Ticket) else "chat": row,
            "matches": found["matches"],
            "reason": found["reason"],
            "rows": tried_rows(rule, found["nodes"]),
            "would": [each["would"] for each in found["actions"]],
        }

    def _as_rule(self) -> Rule:
        brand, stop = (self._head[name].value() for name in ("brand", "stop"))
        return Rule(**self._told(), brand_id=key_of(str(brand or "")) or None, stop=bool(stop))

    def page(self) -> HttpResponse:
        """Return the page as it stands."""
        head, rule, request = self._head, self._rule, self._request
        settle(self._draft, head.scope)
        sheet = sheet_of(self._draft, head.scope, self._errors)
        for place in list(sheet.errors):
            if head.is_bound and (name := head.place_of(place)):
                head.add_error(name, str(sheet.errors.pop(place)))
        groups = Rule.objects.exclude(group="").order_by("group").values_list("group", flat=True)
        context = {
            **self._admin.admin_site.each_context(request),
            "title": rule.name if rule else gettext("New rule"),
            "opts": self._admin.opts,
            # The page needs the room.
            "is_nav_sidebar_enabled": False,
            "rule": rule,
            "head": head,
            "sheet": sheet,
            "sentence": said_of(self._as_rule()),
            "is_wrong": bool(self._errors) or (head.is_bound and bool(head.errors)),
            "is_stored": request.method != "POST",
            "is_checked": self._is_checked,
            "focus": " ".join(self._focus),
            "said": self._said,
            "trying": self._trying,
            "tried": self._tried,
            "tags_id": TAGS,
            "tags": Tag.objects.order_by("folded").values_list("name", flat=True)[:_TAGS],
            "groups_id": GROUPS,
            "groups": groups.distinct(),
            "newest": rule and newest_runs(rule),
        }
        return TemplateResponse(request, "admin/rule.html", context)


def newest_runs(rule: Rule) -> Any:
    """Return what the rule did last, also what it would have done."""
    found = rule.runs.select_related("conversation__visitor", "conversation__contact")
    return found.order_by(F("at").desc(), "-pk")[:5]


def copied(name: str) -> str:
    """Return the name of a copy."""
    return (gettext("%(name)s (copy)") % {"name": name})[:80]


def _unchecked(posted: Mapping[str, Any]) -> RuleForm:
    """Return the head as it was typed, without saying what is wrong with it."""
    initial = {name: posted.get(name, "") for name in RuleForm.base_fields}
    return RuleForm(initial=initial | {"stop": "stop" in posted})
