"""Whatever is stored stands in the fields of the page, and is stored the same from there."""

import pytest
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.editor.drafts import draft_from, draft_of, settle
from automation.editor.forms import RuleForm, initial_of
from automation.editor.moves import press
from automation.editor.rows import sheet_of
from automation.models import Rule
from automation.rules.checking import NAMED, SINCE, check_rule
from automation.rules.fields import OPERATORS, Type
from automation.rules.sentences import said_of, said_of_action, said_of_condition
from automation.rules.subjects import Scope, actions_of, fields_for, operators_of
from automation.rules.subjects import fields_of as seen_of
from tests.support.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]
_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)
_SOME = _WORDS.filter(str.strip)
# Keys that no row has: what was deleted must stay as well.
_KEYS = st.sampled_from(["999999", "x"])


def _value(name, scope):
    field = seen_of(scope.subject)[name]
    if field.type is Type.BOOLEAN:
        return st.booleans()
    if field.type is Type.NUMBER:
        return st.integers(-1_000_000, 1_000_000)
    if field.choices is not None:
        return st.sampled_from(list(field.choices_for(scope.when)))
    return _KEYS if field.type is Type.REFERENCE else _SOME


@st.composite
def _condition(draw, scope):
    name = draw(st.sampled_from(fields_for(*scope)))
    operator = draw(st.sampled_from(operators_of(name, *scope)))
    node = {"field": name, "operator": operator}
    value = _value(name, scope)
    return node | ({"value": draw(value)} if OPERATORS[operator].takes_value else {})


def _nodes(scope, depth):
    node = _condition(scope)
    if depth < 3:
        inner = _nodes(scope, depth + 1)
        node |= st.builds(lambda kind, nodes: {kind: nodes}, st.sampled_from(["all", "any"]), inner)
    return st.lists(node, min_size=1 if depth > 1 else 0, max_size=2)


def _texts():
    return st.dictionaries(st.sampled_from(["tr", "en"]), _SOME, min_size=1)


def _parameter(parameter):
    if parameter.type == "texts":
        return _texts()
    if parameter.type == "number":
        return st.integers(-499, 499)
    if parameter.type == "address":
        return st.sampled_from(["customer", "a@b.example"])
    if parameter.choices is not None:
        return st.sampled_from(list(parameter.choices))
    if parameter.type == "agents":
        return st.lists(_KEYS, min_size=1, max_size=2, unique=True)
    return _KEYS if parameter.type in NAMED else _SOME


@st.composite
def _action(draw, scope):
    actions = actions_of(scope.subject)
    possible = [name for name, each in actions.items() if scope.when in each.when]
    name = draw(st.sampled_from(possible))
    told = {key: draw(_parameter(each)) for key, each in actions[name].parameters.items()}
    return {"action": name} | told


@st.composite
def _rules(draw):
    when = draw(st.sampled_from(Rule.When.values))
    subject = draw(st.sampled_from(list(SINCE) if when == "time" else Rule.Subject.values))
    scope, after = Scope(when, subject), {}
    if when == "time":
        after = {"since": draw(st.sampled_from(SINCE[subject][:3])), "minutes": draw(_MINUTES)}
    return Rule(
        name=draw(_SOME).strip(),
        mode=draw(st.sampled_from(Rule.Mode.values)),
        when=when,
        subject=subject,
        after=after,
        fires=draw(st.sampled_from(["once", "every"]) | st.builds(dict, minutes=_MINUTES)),
        all=draw(_nodes(scope, 1)),
        any=draw(_nodes(scope, 1)),
        actions=draw(st.lists(_action(scope), min_size=1, max_size=3)),
        stop=draw(st.booleans()),
    )


_MINUTES = st.integers(1, 43_200)
_SETTINGS = settings(max_examples=20)


def _conditions(nodes):
    for node in nodes:
        inner = node.get("all") or node.get("any")
        yield from _conditions(inner) if inner else [node]


def _scope(rule):
    return Scope(rule.when, rule.subject)


def _sent(rule):
    """What the page of a rule would send, through the HTML that stands there."""
    draft = draft_of(rule)
    sheet = sheet_of(draft, _scope(rule), {})
    parts = [
        render_to_string("admin/rule_rows.html", {"block": block, "sheet": sheet})
        for block in (sheet.all, sheet.any)
    ]
    parts += [str(field) for row in sheet.steps for field in row.form]
    parts += [str(field) for field in RuleForm(initial=initial_of(rule))]
    return fields_of(f'<form id="rule">{"".join(parts)}</form>', "rule")


@_SETTINGS
@given(rule=_rules())
def test_a_rule_goes_through_its_page_unchanged_and_is_said_in_the_same_words(rule):
    sent = _sent(rule)
    draft = draft_from(sent)
    settle(draft, _scope(rule))
    told = RuleForm(sent).told() | draft.told()
    names = ("when", "subject", "after", "fires", "all", "any", "actions")
    assert told == {name: getattr(rule, name) for name in names}
    again = Rule(**told, stop="stop" in sent)
    assert said_of(again) == said_of(rule)
    # The sentence leaves nothing out.
    for node in _conditions([*rule.all, *rule.any]):
        told = (node["field"], node["operator"], node.get("value"))
        said = said_of_condition(*told, rule.subject)
        assert said in said_of(rule)
    assert all(said_of_action(each, rule.subject) in said_of(rule) for each in rule.actions)


@_SETTINGS
@given(rule=_rules(), presses=st.lists(st.integers(0, 10_000), max_size=12))
def test_no_press_makes_what_the_check_refuses_or_loses_a_condition(rule, presses):
    draft = draft_of(rule)
    before = sorted(map(repr, _conditions([*rule.all, *rule.any])))
    for number in presses:
        buttons = _buttons(draft, _scope(rule))
        press(draft, buttons[number % len(buttons)])
    told = draft.told()
    assert sorted(map(repr, _conditions([*told["all"], *told["any"]]))) == before
    errors = check_rule(RuleForm(initial=initial_of(rule)).told() | told)
    # Rows that are gone may stay; nothing else is wrong.
    gone = {"value", "tag", "text", "agents", *NAMED}
    assert {place.rpartition(".")[2] for place in errors} <= gone


def _buttons(draft, scope):
    """The buttons of the page that move a condition or group."""
    sheet = sheet_of(draft, scope, {})

    def rows(block):
        return [each for row in block.rows for each in (row, *rows(row))]

    found = [*rows(sheet.all), *rows(sheet.any)]
    up = [f"up:{row.path}" for row in found if not row.is_first]
    return [*up, *(f"down:{row.path}" for row in found if not row.is_last), "down:actions-0"]
