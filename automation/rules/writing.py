"""Every write to rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min

from agents.access import accesses_of
from agents.audit import record
from agents.models import Agent
from agents.queries.tags import folded_word
from automation.models import Rule
from automation.rules import book
from automation.rules.checking import Errors, check_rule
from automation.rules.fields import Type
from automation.rules.subjects import actions_of, fields_of
from config.outbox.operations import enqueue

# Outbox: have a time rule look at the chats that are open already.
ARM = "automation.arm"
# Outbox: write to somebody who administers that a rule was switched off.
WARN = "automation.warn"
FIELDS = (
    *("name", "mode", "when", "after", "subject", "brand", "group", "position", "fires"),
    *("all", "any", "actions", "stop"),
)
# On which events it looks.
_LOOKS = ("when", "subject", "brand")
DEFAULTS: Mapping[str, Any] = {
    "mode": Rule.Mode.OFF,
    "after": {},
    "subject": Rule.Subject.CHAT,
    "brand": None,
    "group": "",
    "position": None,
    "fires": "once",
    "all": [],
    "any": [],
    "stop": False,
}


class InvalidRule(Exception):
    """A rule says what can't be; `errors` name the places."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(list(errors))
        self.errors = errors


@transaction.atomic
def add_rule(*, by: Agent | None, now: datetime, **told: Any) -> Rule:
    """Add a rule behind all others, unless its place is named. Raises `InvalidRule`."""
    wanted = {**DEFAULTS, **told}
    if wanted["position"] is None:
        last = Rule.objects.aggregate(last=Max("position"))["last"]
        wanted["position"] = 0 if last is None else last + 10
    _check(wanted)
    times = {"created_at": now, "changed_at": now, "on_since": now}
    rule = Rule.objects.create(**wanted, **times, changed_by=by)
    _changed(rule, "created", by=by, fields=sorted(told))
    return rule


@transaction.atomic
def change_rule(*, rule: Rule, by: Agent | None, now: datetime, **told: Any) -> Rule:
    """Change what a rule says. Raises `InvalidRule`."""
    was_off = rule.mode == Rule.Mode.OFF and told.get("mode", rule.mode) != Rule.Mode.OFF
    if was_off or any(
        told.get(name, getattr(rule, name)) != getattr(rule, name) for name in _LOOKS
    ):
        # What was there before is none of its business.
        rule.on_since = now
    for name, value in told.items():
        setattr(rule, name, value)
    if set(told) - {"mode", "position", "group", "name"}:
        _check({name: getattr(rule, name) for name in FIELDS})
    rule.changed_at, rule.changed_by = now, by
    if "mode" in told:
        rule.switched_off = ""
    rule.save(update_fields=[*told, "changed_at", "changed_by", "switched_off", "on_since"])
    _changed(rule, "changed", by=by, fields=sorted(told))
    return rule


@transaction.atomic
def delete_rule(*, rule: Rule, by: Agent | None) -> None:
    """Delete a rule with its log."""
    _changed(rule, "deleted", by=by, fields=[])
    rule.delete()


@transaction.atomic
def move_rule(*, rule: Rule, up: bool, by: Agent | None) -> None:
    """Let a rule change places with its neighbour of the same group."""
    order: list[Rule] = list(Rule.objects.filter(group=rule.group).in_order())
    at = [each.pk for each in order].index(rule.pk)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(order):
        return
    order[at], order[to] = order[to], order[at]
    _number(order)
    _changed(rule, "moved", by=by, fields=[])


@transaction.atomic
def place_rule(*, rule: Rule, before: Rule | None, group: str, by: Agent | None) -> None:
    """Put a rule into a group: before another of its rules, or behind them all."""
    others = Rule.objects.filter(group=group).exclude(pk=rule.pk)
    order: list[Rule] = list(others.in_order())
    keys = [each.pk for each in order]
    at = keys.index(before.pk) if before and before.pk in keys else len(order)
    rule.group = group
    rule.save(update_fields=["group"])
    order.insert(at, rule)
    _number(order)
    _changed(rule, "moved", by=by, fields=[])


def _number(order: Sequence[Rule]) -> None:
    """Rules of one group may share a number: give each its own, in steps."""
    first = min(each.position for each in order)
    for number, each in enumerate(order):
        each.position = first + 10 * number
    Rule.objects.bulk_update(order, ["position"])


@transaction.atomic
def switch_off(*, rule: Rule, because: str, now: datetime) -> None:
    """Switch off a rule that does harm; the administration says so until somebody looks."""
    rule.mode, rule.switched_off = Rule.Mode.OFF, because
    rule.changed_at, rule.changed_by = now, None
    rule.save(update_fields=["mode", "switched_off", "changed_at", "changed_by"])
    _changed(rule, "switched_off", by=None, fields=[because])
    for agent_id in administrators():
        key = f"{WARN}:{rule.pk}:{now.timestamp()}:{agent_id}"
        enqueue(kind=WARN, key=key, payload={"rule": rule.pk, "agent": agent_id})


@transaction.atomic
def rename_tag_in_rules(*, old: str, new: str) -> None:
    """Let rules that name a tag by its old word, given folded, name it by the new one.

    Otherwise their conditions would never hold again, and their actions make the old tag anew.
    """
    for rule in Rule.objects.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        renamed = {
            "all": _renamed_nodes(rule.all, rule.subject, old, new),
            "any": _renamed_nodes(rule.any, rule.subject, old, new),
            "actions": _renamed_actions(rule.actions, rule.subject, old, new),
        }
        changed = [name for name, value in renamed.items() if value != getattr(rule, name)]
        if changed:
            for name in changed:
                setattr(rule, name, renamed[name])
            rule.save(update_fields=changed)
            _changed(rule, "changed", by=None, fields=changed)


def _renamed_nodes(
    nodes: Sequence[dict[str, Any]], subject: str, old: str, new: str
) -> list[dict[str, Any]]:
    found = []
    for node in nodes:
        if block := {"all", "any"} & node.keys():
            inner = {name: _renamed_nodes(node[name], subject, old, new) for name in block}
            found.append(node | inner)
            continue
        field = fields_of(subject).get(node["field"])
        is_tag = field is not None and field.type is Type.TAG
        is_old = is_tag and folded_word(str(node.get("value", ""))) == old
        found.append(node | {"value": new} if is_old else node)
    return found


def _renamed_actions(
    actions: Sequence[dict[str, Any]], subject: str, old: str, new: str
) -> list[dict[str, Any]]:
    found = []
    for told in actions:
        action = actions_of(subject).get(told["action"])
        parameters = action.parameters if action else {}
        tags = {
            name: new
            for name, parameter in parameters.items()
            if parameter.type == "tag" and folded_word(str(told.get(name, ""))) == old
        }
        found.append(told | tags)
    return found


def administrators() -> list[int]:
    """Return who looks after the rules."""
    accesses = accesses_of(Agent.objects.filter(is_active=True))
    return sorted(agent_id for agent_id, access in accesses.items() if access.everything)


def first_position() -> int:
    """Return a place before all rules."""
    first = Rule.objects.aggregate(first=Min("position"))["first"]
    return -1000 if first is None else min(-1000, first - 10)


def _check(wanted: Mapping[str, Any]) -> None:
    if errors := check_rule(wanted):
        raise InvalidRule(errors)


def _changed(rule: Rule, act: str, *, by: Agent | None, fields: Sequence[str]) -> None:
    record(f"rule.{act}", rule, by=by, fields=list(fields))
    book.renew()
    if act in {"created", "changed"} and rule.when == Rule.When.TIME and rule.mode != Rule.Mode.OFF:
        arm = {"rule": rule.pk}
        key = f"{ARM}:{rule.pk}:{rule.changed_at.timestamp()}"
        enqueue(kind=ARM, key=key, payload=arm)
