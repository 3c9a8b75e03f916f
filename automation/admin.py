"""Rules in the administration: said back in plain sentences, switched and moved, with their log."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ANYWHERE, ReadOnlyAdmin
from agents.callers import signed_in
from agents.models import Brand, Language
from automation.editor.forms import brand_of
from automation.editor.order import OrderPages
from automation.editor.pages import RulePages, copied
from automation.editor.rehearsals import RehearsalAdmin
from automation.editor.replies import ReplyPages, summary_of
from automation.editor.review import REMINDED_MONTHS, ReviewPages, untouched_rules
from automation.models import Rehearsal, Rule, Run
from automation.rules.reasons import said_of_reason
from automation.rules.recipes import (
    RECIPES,
    install_recipe,
    installed_rules,
    mode_in_use,
    settings_in_use,
    texts_in_use,
)
from automation.rules.sentences import said_of, said_of_action, said_of_trace
from automation.rules.writing import (
    FIELDS,
    InvalidRule,
    add_rule,
    change_rule,
    delete_rule,
    move_rule,
)
from chat.models import Conversation
from config.text.folding import by_name

_WEEK = timedelta(days=7)


class RecipeForm(forms.Form):
    """The settings of a ready recipe: where it is on, and what it says in each language."""

    mode = forms.ChoiceField(label=capfirst(_("mode")), choices=Rule.Mode.choices)

    def __init__(self, name: str, brand: Brand | None, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        recipe, rules = RECIPES[name], installed_rules(name, brand)
        # A brand begins with what is set for all.
        like = brand if rules else None
        usual = Rule.Mode.OFF if brand and installed_rules(name, None) else Rule.Mode.ON
        self.fields["mode"].initial = rules[0].mode if rules else usual
        in_use, chosen = texts_in_use(name, like), settings_in_use(name, like)
        for key, setting in recipe.settings.items():
            self.fields[key] = forms.ChoiceField(
                label=str(setting.label),
                choices=list(setting.choices.items()),
                initial=chosen[key],
                widget=forms.RadioSelect,
            )
        self._settings = list(recipe.settings)
        for key, label in recipe.labels.items():
            for code, language in Language.choices:
                attrs = {"rows": 3, "cols": 80, "lang": code}
                self.fields[f"{key}_{code}"] = forms.CharField(
                    label=f"{label} ({language})",
                    initial=in_use[key].get(code, ""),
                    max_length=1000,
                    required=key not in recipe.optional,
                    widget=forms.Textarea(attrs=attrs),
                )

    @property
    def settings(self) -> dict[str, str]:
        """Return what is chosen."""
        return {name: self.cleaned_data[name] for name in self._settings}

    @property
    def texts(self) -> dict[str, dict[str, str]]:
        """Return what is said, by text and language."""
        found: dict[str, dict[str, str]] = {}
        for name, value in self.cleaned_data.items():
            if name != "mode" and name not in self._settings:
                key, _bar, code = name.rpartition("_")
                found.setdefault(key, {})[code] = value
        return found


def _having_their_own(name: str, brands: Iterable[Brand]) -> list[tuple[Brand, str]]:
    """Return the brands for which a recipe is set apart, each with its mode."""
    modes = [(brand, mode_in_use(name, brand)) for brand in brands]
    return [(brand, _said_mode(mode)) for brand, mode in modes if mode not in {None, Rule.Mode.OFF}]


def _brands_with_recipes() -> Mapping[str, list[Brand]]:
    """Return the brands for which each recipe was set up."""
    found: dict[str, set[Brand]] = {name: set() for name in RECIPES}
    own = Rule.objects.filter(recipe__in=RECIPES, brand__is_active=True)
    for rule in own.select_related("brand"):
        found[rule.recipe].add(rule.brand)
    return {name: by_name(brands) for name, brands in found.items()}


def _said_mode(mode: str | None) -> str:
    if mode is None:
        return gettext("not set up")
    return str(Rule.Mode(mode).label) if mode else gettext("partly on")


@admin.register(Rule)
class RuleAdmin(OrderPages, RulePages, ReviewPages, ReplyPages):
    """The rules in their order."""

    add_label = _("New rule")
    # Drawn by the template, under the headings of their groups.
    list_display = ["name"]
    list_display_links = None
    sortable_by = ()
    list_per_page = 500
    list_filter = ["mode", "subject", "brand"]
    list_select_related = ["brand"]
    search_fields = ["name"]
    actions = ["switch_on", "try_out", "switch_off", "copy", "move_up", "move_down"]
    change_list_template = "admin/rules.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        """Return the rules in their order, with how often they acted lately: what was only tried
        out is no run.
        """
        lately = Q(runs__at__gt=timezone.now() - _WEEK, runs__matched=True)
        is_real = Q(runs__conversation__kind=Conversation.Kind.CUSTOMER)
        lately &= Q(runs__mode=Rule.Mode.ON) & (is_real | Q(runs__ticket__isnull=False))
        every = super().get_queryset(request)
        found: QuerySet[Rule] = every.annotate(acted=Count("runs", filter=lately)).in_order()
        return found

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the ready recipes."""
        page = self.admin_site.admin_view(self.recipe_view)
        return [
            path("recipes/<str:name>/", page, name="automation_recipe"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Say which rules were switched off by themselves, and offer the ready ones."""
        harmful = Rule.objects.exclude(switched_off="").order_by("pk")
        for rule in harmful if request.method == "GET" else ():
            text = gettext(
                "“%(name)s” was switched off: it acted again and again because of other rules."
            )
            self.message_user(request, text % {"name": rule.name}, messages.WARNING)
        own = _brands_with_recipes()
        recipes = [
            {
                "title": recipe.title,
                "brief": recipe.brief,
                "url": reverse("admin:automation_recipe", args=[name]),
                "mode": _said_mode(mode),
                "is_on": mode == Rule.Mode.ON,
                "apart": _having_their_own(name, own[name]),
            }
            for name, recipe in RECIPES.items()
            for mode in [mode_in_use(name, None)]
        ]
        context = {
            "recipes": recipes,
            "replies": summary_of(),
            "untouched": untouched_rules(timezone.now(), months=REMINDED_MONTHS).count(),
            "months": REMINDED_MONTHS,
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def recipe_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """The small page of a ready recipe."""
        if name not in RECIPES:
            raise Http404
        recipe, brand = RECIPES[name], brand_of(request.GET.get("brand", ""))
        form = RecipeForm(name, brand, request.POST or None)
        if request.method == "POST" and form.is_valid():
            install_recipe(
                name=name,
                brand=brand,
                mode=form.cleaned_data["mode"],
                texts=form.texts,
                settings=form.settings,
                by=signed_in(request),
                now=timezone.now(),
            )
            text = gettext("Saved: %(name)s.") % {"name": recipe.title}
            self.message_user(request, text, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:automation_rule_changelist"))
        brands = by_name(Brand.objects.filter(is_active=True))
        context = {
            **self.admin_site.each_context(request),
            "title": recipe.title,
            "recipe": recipe,
            "form": form,
            "opts": self.opts,
            "brand": brand,
            "brands": brands,
            # A brand that has it for itself, on or on trial, is not reached from here.
            "apart": [] if brand else _having_their_own(name, brands),
            "rules": [(rule, said_of(rule)) for rule in installed_rules(name, brand)],
        }
        return TemplateResponse(request, "admin/recipe.html", context)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete it by the operation, which writes the audit log."""
        delete_rule(rule=obj, by=signed_in(request))

    @admin.action(description=_("Switch on"), permissions=["change"], location=ANYWHERE)
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        """Let them act."""
        self._switch(request, queryset, Rule.Mode.ON)

    @admin.action(description=_("Try out"), permissions=["change"], location=ANYWHERE)
    def try_out(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        """Let them only say what they would do."""
        self._switch(request, queryset, Rule.Mode.TRIAL)

    @admin.action(description=_("Switch off"), permissions=["change"], location=ANYWHERE)
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        """Let them do nothing."""
        self._switch(request, queryset, Rule.Mode.OFF)

    @admin.action(description=_("Copy"), permissions=["add"], location=ANYWHERE)
    def copy(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        """Make rules of one's own of them; they are off."""
        made = []
        for rule in queryset:
            told = {name: getattr(rule, name) for name in FIELDS}
            told |= {"name": copied(rule.name), "mode": Rule.Mode.OFF, "position": None}
            try:
                made.append(add_rule(by=signed_in(request), now=timezone.now(), **told))
            except InvalidRule:
                text = gettext("“%(name)s” names something that was deleted: change that first.")
                self.message_user(request, text % {"name": rule.name}, messages.WARNING)
        self.say(request, _("Copied: %(names)s."), made)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Rule], mode: str) -> None:
        rules = list(queryset.exclude(mode=mode))
        for rule in rules:
            change_rule(rule=rule, mode=mode, by=signed_in(request), now=timezone.now())
        self.say(request, _("Switched: %(names)s."), rules)

    @admin.action(description=_("Move up"), permissions=["change"], location=ANYWHERE)
    def move_up(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        """Let them come before their neighbours."""
        self._move(request, queryset, up=True)

    @admin.action(description=_("Move down"), permissions=["change"], location=ANYWHERE)
    def move_down(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        """Let them come after their neighbours."""
        self._move(request, queryset, up=False)

    def _move(self, request: HttpRequest, queryset: QuerySet[Rule], *, up: bool) -> None:
        rules = list(queryset)
        for rule in rules if up else reversed(rules):
            move_rule(rule=rule, up=up, by=signed_in(request))
        self.say(request, _("Moved: %(names)s."), rules)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """What rules did, and why."""

    list_display = ["at", "rule", "chat", "outcome", "why"]
    list_filter = ["rule", "mode"]
    list_select_related = ["rule", "conversation"]
    date_hierarchy = "at"
    ordering = ["-at", "-pk"]
    fields = ["at", "rule", "chat", "outcome", "why", "done"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """Return the runs with what became of each action."""
        found: QuerySet[Run] = super().get_queryset(request).prefetch_related("effects")
        return found

    @admin.display(description=_("chat or ticket"))
    def chat(self, run: Run) -> str:
        """Where it ran."""
        if run.conversation is None:
            page = reverse("ticket", args=[run.ticket_id])
            return format_html('<a href="{}">#{}</a>', page, run.ticket_id)
        public_id = run.conversation.public_id
        page = reverse("console-chat", args=[public_id])
        return format_html('<a href="{}">{}</a>', page, public_id)

    @admin.display(description=_("what became of it"))
    def outcome(self, run: Run) -> str:
        """Whether it acted."""
        if not run.matched:
            return said_of_reason(run.reason)
        if run.mode == Rule.Mode.TRIAL:
            return gettext("only tried out")
        is_idle = run.done_at and not any(done for done, _reason in run.outcomes())
        return gettext("did nothing") if is_idle else gettext("acted")

    @admin.display(description=_("why"))
    def why(self, run: Run) -> str:
        """What it saw."""
        return said_of_trace(run.nodes, run.rule.subject) if run.matched else "—"

    @admin.display(description=_("what it did"))
    def done(self, run: Run) -> str:
        """Each action, and why one was not done."""
        lines = []
        for told, (is_done, why_not) in zip(run.actions, run.outcomes(), strict=True):
            state = gettext("done") if is_done else gettext("not done")
            if run.mode == Rule.Mode.TRIAL:
                state = gettext("only tried out")
            said = said_of_reason(why_not) or state
            lines.append((said_of_action(told, run.rule.subject), said))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines))


admin.site.register(Rehearsal, RehearsalAdmin)
