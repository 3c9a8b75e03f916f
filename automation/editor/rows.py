"""A draft as its page shows it: rows with their fields, buttons and errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext

from agents.models import Tag
from automation.editor.drafts import Block, Condition, Draft, Step
from automation.editor.forms import ConditionForm, StepForm
from automation.rules.checking import ACTIONS_MAX, CONDITIONS_MAX, DEPTH_MAX, Errors
from automation.rules.fields import FIELDS, Type
from automation.rules.subjects import Scope
from config.text.folding import fold


@dataclass(kw_only=True)
class Row:
    """A condition with its form, or a block with its rows."""

    path: str
    number: str
    form: forms.Form | None = None
    kind: str = ""
    rows: list["Row"] = field(default_factory=list)
    can_nest: bool = False
    is_first: bool = False
    is_last: bool = False
    errors: list[str | Promise] = field(default_factory=list)
    hint: str = ""


@dataclass(kw_only=True)
class Sheet:
    """All rows of a page."""

    all: Row
    any: Row
    steps: list[Row]
    steps_errors: list[str | Promise]
    can_add: bool
    can_add_step: bool
    # What stands at no field of these.
    errors: Errors


def sheet_of(draft: Draft, scope: Scope, errors: Errors) -> Sheet:
    """Return the rows, each error beside its field; `errors` by the places of the check."""
    left = dict(errors)
    making = _Making(scope, left)
    first = making.block(draft.all, "all", "all", "", begin=1)
    both = [first, making.block(draft.any, "any", "any", "", begin=len(first.rows) + 1)]
    steps = [making.step(step, number) for number, step in enumerate(draft.steps)]
    for row in both:
        if row.rows:
            row.rows[0].is_first = row.path == "all"
            row.rows[-1].is_last = row.path == "any"
    if steps:
        steps[0].is_first = steps[-1].is_last = True
    return Sheet(
        all=both[0],
        any=both[1],
        steps=steps,
        steps_errors=list(filter(None, [left.pop("actions", "")])),
        can_add=draft.count() < CONDITIONS_MAX,
        can_add_step=len(draft.steps) < ACTIONS_MAX,
        errors=left,
    )


class _Making:
    """Makes rows; each takes the errors that are its own."""

    def __init__(self, scope: Scope, left: Errors) -> None:
        self._scope = scope
        self._left = left

    def block(self, block: Block, path: str, place: str, number: str, *, begin: int = 1) -> Row:
        """Return a block with its rows, numbered within `number` from `begin`."""
        rows = []
        for index, node in enumerate(block.nodes):
            here, there = f"{path}-{index}", f"{place}.{index}"
            name = f"{number}.{index + begin}" if number else str(index + begin)
            if isinstance(node, Block):
                row = self.block(node, here, f"{there}.{node.kind}", name)
                row.errors += self._taken(there)
            else:
                row = self._condition(node, here, there, name)
            rows.append(row)
        return Row(
            path=path,
            number=number,
            kind=block.kind,
            rows=rows,
            can_nest=path.count("-") + 2 <= DEPTH_MAX,
            errors=self._taken(place),
        )

    def _condition(self, node: Condition, path: str, place: str, number: str) -> Row:
        form = ConditionForm(node, scope=self._scope, path=path, number=number)
        self._add_errors(form, place, {name: name for name in form.fields})
        hint = ""
        looked_at = FIELDS.get(node.field)
        is_tag = looked_at is not None and looked_at.type is Type.TAG and "value" in form.fields
        if is_tag and node.value:
            hint = self._hint(node.value)
        return Row(path=path, number=number, form=form, errors=self._taken(place), hint=hint)

    def step(self, step: Step, index: int) -> Row:
        """Return an action with its form."""
        path, place = f"actions-{index}", f"actions.{index}"
        form = StepForm(step, scope=self._scope, path=path, number=index + 1)
        self._add_errors(form, place, form.first_of)
        hint = self._hint(step.typed.get("tag", "")) if step.action == "remove_tag" else ""
        return Row(
            path=path, number=str(index + 1), form=form, errors=self._taken(place), hint=hint
        )

    def _hint(self, tag: str) -> str:
        if not tag or Tag.objects.filter(folded=fold(tag)).exists():
            return ""
        return gettext("There is no such tag now: it was deleted, or nobody has used it yet.")

    def _add_errors(self, form: forms.Form, place: str, names: Mapping[str, str]) -> None:
        for key, name in names.items():
            if error := self._left.pop(f"{place}.{key}", ""):
                form.add_error(name, str(error))

    def _taken(self, place: str) -> list[str | Promise]:
        error = self._left.pop(place, "")
        return [error] if error else []
