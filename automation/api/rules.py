"""Rules and ready recipes, for those who administer."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import CursorPages, DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.models import Brand
from automation.models import RULE_ORDER, Rule, Run
from automation.rules.recipes import (
    RECIPES,
    InvalidTexts,
    install_recipe,
    installed_rules,
    settings_in_use,
    texts_in_use,
)
from automation.rules.trying import can_try, try_rule
from automation.rules.writing import InvalidRule, add_rule, change_rule, delete_rule
from chat.models import Conversation
from config.text.cleaning import key_of
from config.web.api import LineField, StrictSerializer, TextField, valid
from config.web.problems import Problem
from config.wire import wire_time
from tickets.models import Ticket

_TREE = serializers.JSONField


class RuleBody(StrictSerializer):
    """What a rule says; the trees are checked by the rules themselves."""

    name = LineField(max_length=80)
    mode = serializers.ChoiceField(Rule.Mode.choices, required=False)
    when = serializers.ChoiceField(Rule.When.choices)
    after = _TREE(required=False)
    subject = serializers.ChoiceField(Rule.Subject.choices, required=False)
    brand = TextField(max_length=20, allow_null=True, required=False)
    group = LineField(max_length=80, allow_blank=True, required=False)
    position = serializers.IntegerField(min_value=-100_000, max_value=100_000, required=False)
    fires = _TREE(required=False)
    all = _TREE(required=False)
    any = _TREE(required=False)
    actions = _TREE()
    stop = serializers.BooleanField(required=False)


class RuleAnswer(serializers.ModelSerializer[Rule]):
    """A rule."""

    id = serializers.CharField(source="pk")
    brand = serializers.CharField(source="brand_id", allow_null=True)

    class Meta:
        model = Rule
        fields = [
            *("id", "name", "mode", "when", "after", "subject", "brand", "group", "position"),
            *("fires", "all", "any", "actions", "stop", "recipe"),
        ]
        read_only_fields = fields


class RulePages(CursorPages):
    """Rules as they are looked at."""

    ordering = RULE_ORDER


class RunPages(CursorPages):
    """Newest first."""

    ordering = ("-at", "-pk")


class Administering(DeskView):
    """A call of somebody who administers."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the right."""
        super().initial(request, *args, **kwargs)
        if not reach_of(request).everything:
            raise PermissionDenied


class Rules(Administering, generics.ListAPIView[Rule]):
    """`rules`."""

    serializer_class = RuleAnswer
    pagination_class = RulePages
    filter_backends = ()
    queryset = Rule.objects.none()

    def get_queryset(self) -> QuerySet[Rule]:
        """Return all rules."""
        return Rule.objects.in_order()

    @extend_schema(request=RuleBody, responses={201: RuleAnswer, **problems_of(400, 403)})
    def post(self, request: Request) -> Response:
        """Add a rule."""
        told = _with_brand(valid(RuleBody, request))
        try:
            rule = add_rule(by=agent_of(request), now=timezone.now(), **told)
        except InvalidRule as error:
            raise invalid(error.errors) from error
        return Response(RuleAnswer(rule).data, status=201)


class OneRule(Administering):
    """`rules/{id}`."""

    @extend_schema(operation_id="rule", responses={200: RuleAnswer})
    def get(self, request: Request, pk: int) -> Response:
        """Return one rule."""
        return Response(RuleAnswer(_rule_or_404(pk)).data)

    @extend_schema(
        operation_id="rule_change",
        request=RuleBody(partial=True),
        responses={200: RuleAnswer, **problems_of(400, 403, 404)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change a rule."""
        rule = _rule_or_404(pk)
        told = _with_brand(valid(RuleBody, request, partial=True))
        try:
            changed = change_rule(rule=rule, by=agent_of(request), now=timezone.now(), **told)
        except InvalidRule as error:
            raise invalid(error.errors) from error
        return Response(RuleAnswer(changed).data)

    @extend_schema(operation_id="rule_remove", responses={204: None, **problems_of(403, 404)})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete a rule with its log."""
        delete_rule(rule=_rule_or_404(pk), by=agent_of(request))
        return Response(status=204)


class DryRunBody(StrictSerializer):
    """Which chat or ticket to try it on: one of both."""

    conversation = TextField(max_length=22, required=False)
    ticket = TextField(max_length=20, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take exactly one."""
        if len(attrs) != 1:
            raise serializers.ValidationError({"conversation": [_("Name one chat or ticket.")]})
        return attrs


class DryRun(Administering):
    """`rules/{id}/dry-run`."""

    @extend_schema(
        operation_id="rule_dry_run",
        request=DryRunBody,
        responses={200: dict, **problems_of(400, 403, 404)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say what the rule would do with a chat or ticket; nothing is changed."""
        rule = _rule_or_404(pk)
        body = valid(DryRunBody, request)
        access, row = reach_of(request), None
        if "ticket" in body:
            tickets = Ticket.objects.visible_to(access)
            row = tickets.filter(pk=key_of(body["ticket"])).first()
        else:
            chats = Conversation.objects.visible_to(access)
            row = chats.filter(public_id=body["conversation"]).first()
        if row is None:
            raise NotFound
        if not can_try(rule, row):
            raise invalid({next(iter(body)): _("This rule never looks there.")})
        return Response(try_rule(rule, row, now=timezone.now()))


class Runs(Administering, generics.ListAPIView[Run]):
    """`rules/{id}/runs`."""

    pagination_class = RunPages
    filter_backends = ()
    queryset = Run.objects.none()

    def get_queryset(self) -> QuerySet[Run]:
        """Return what the rule did."""
        rule = _rule_or_404(self.kwargs["pk"])
        runs = Run.objects.filter(rule=rule).select_related("conversation")
        return runs.prefetch_related("effects")

    @extend_schema(operation_id="rule_runs", responses={200: dict})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what the rule did, newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response([run_json(run) for run in page or []])


def run_json(run: Run) -> dict[str, Any]:
    """Return one run; its first step tells the thread, and is none of the rule's actions."""
    actions: list[dict[str, Any]] = []
    tried = zip(run.actions, run.outcomes(), strict=True) if run.matched else ()
    for told, (is_done, why_not) in tried:
        action: dict[str, Any] = {"action": told.get("action"), "done": is_done}
        actions.append(action | ({"reason": why_not} if why_not else {}))
    chat = run.conversation
    found = {
        "at": wire_time(run.at),
        **({"conversation": chat.public_id} if chat else {"ticket": str(run.ticket_id)}),
        "mode": run.mode,
        "matched": run.matched,
        "nodes": run.nodes,
        "actions": actions,
    }
    return found | ({"reason": run.reason} if run.reason else {})


class Recipes(Administering):
    """`rules/recipes`."""

    @extend_schema(operation_id="rule_recipes", responses={200: list[dict[str, Any]]})
    def get(self, request: Request) -> Response:
        """List the ready recipes."""
        answer = [
            {
                "name": name,
                "title": str(recipe.title),
                "guide": str(recipe.guide),
                "settings": {
                    "texts": texts_in_use(name, None),
                    **settings_in_use(name, None),
                },
                "installed": bool(installed_rules(name, None)),
            }
            for name, recipe in RECIPES.items()
        ]
        return Response(answer)


class RecipeBody(StrictSerializer):
    """What can be chosen of a recipe."""

    brand = TextField(max_length=20, allow_null=True, default=None)
    mode = serializers.ChoiceField(Rule.Mode.choices, required=False)
    texts = serializers.DictField(required=False)
    accept = TextField(max_length=20, required=False)
    then = TextField(max_length=20, required=False)


class OneRecipe(Administering):
    """`rules/recipes/{name}`."""

    @extend_schema(
        operation_id="rule_recipe_install",
        request=RecipeBody,
        responses={201: dict, 200: dict, **problems_of(400, 403, 404)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Make the recipe's rules; again: the same rules with the settings replaced."""
        if name not in RECIPES:
            raise NotFound
        body = _with_brand(valid(RecipeBody, request))
        body["settings"] = {key: body.pop(key) for key in ("accept", "then") if key in body}
        try:
            rules, is_new = install_recipe(
                name=name, by=agent_of(request), now=timezone.now(), **body
            )
        except InvalidTexts as error:
            raise invalid(error.errors) from error
        answer = {"rules": [str(rule.pk) for rule in rules]}
        return Response(answer, status=201 if is_new else 200)


def _rule_or_404(pk: int) -> Rule:
    rule: Rule | None = Rule.objects.filter(pk=pk).first()
    if rule is None:
        raise NotFound
    return rule


def _with_brand(told: dict[str, Any]) -> dict[str, Any]:
    if told.get("brand"):
        brand = Brand.objects.filter(pk=key_of(told["brand"])).first()
        if brand is None:
            raise invalid({"brand": _("There is no such brand.")})
        return told | {"brand": brand}
    return told


def invalid(errors: Any) -> Problem:
    """Return the answer to what can't be, each error by its place."""
    named = {place: str(text) for place, text in errors.items()}
    return Problem(400, "invalid", _("The rule says what can't be."), errors=named)
