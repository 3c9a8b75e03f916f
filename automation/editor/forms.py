"""The fields of a rule's page. What can be chosen comes from the registry; what is wrong is found
by the same check that programs meet."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.models import Brand, Language
from agents.models.tag import NAME_MAX as TAG_MAX
from automation.editor.drafts import CUSTOMER, OTHER, Condition, Step, field_of, ticked, whole
from automation.models import Rule
from automation.rules.actions import ACTIONS, TEXT_MAX, Parameter
from automation.rules.checking import VALUE_MAX, sinces_of
from automation.rules.fields import FIELDS, OPERATORS, Field, Type
from automation.rules.sentences import since_text
from automation.rules.subjects import Scope, actions_of, fields_for, fields_of, operators_of
from automation.rules.tickets.actions import TICKET_ACTIONS
from automation.rules.tickets.fields import TICKET_FIELDS
from config.text.alphabet import in_alphabet
from config.text.cleaning import key_of, one_line

type Choice = tuple[str, str | Promise]

TAGS, GROUPS = "known-tags", "known-groups"
_FIRES: list[Choice] = [
    ("once", _("Once per chat")),
    ("every", _("Every time")),
    ("minutes", _("Not again within some minutes")),
]
# How choices are called where the rule is not for chats.
_LABELS: Mapping[str, Mapping[str, Mapping[str, str | Promise]]] = {
    "ticket": {
        "when": {
            "incoming": _("A ticket comes in"),
            "updated": _("Something happens in a ticket"),
        },
        "fires": {"once": _("Once per ticket")},
    },
    "both": {
        "when": {
            "incoming": _("A chat, message or ticket comes in"),
            "updated": _("Something happens in a chat or ticket"),
        },
        "fires": {"once": _("Once per chat or ticket")},
    },
}


class RuleForm(forms.Form):
    """What a rule is called, and when it looks."""

    name = forms.CharField(label=_("name"), max_length=80)
    mode = forms.ChoiceField(
        label=_("mode"),
        choices=Rule.Mode.choices,
        initial=Rule.Mode.TRIAL,
        help_text=_("Trial: the log says what the rule would do, and nothing is done."),
    )
    subject = forms.ChoiceField(
        label=_("looks at"), choices=Rule.Subject.choices, initial=Rule.Subject.CHAT
    )
    when = forms.ChoiceField(label=_("When"), choices=Rule.When.choices, initial=Rule.When.INCOMING)
    minutes = forms.CharField(
        label=_("Minutes"),
        initial="5",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 6}),
    )
    since = forms.ChoiceField(label=_("after"), required=False)
    fires = forms.ChoiceField(
        label=_("How often"),
        initial="once",
        choices=_FIRES,
    )
    every_minutes = forms.CharField(
        label=_("Minutes until it may act again"),
        initial="60",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 6}),
    )
    stop = forms.BooleanField(
        label=_("Afterwards look at no further rule"),
        required=False,
        help_text=_("Rules further down the list then leave this event alone."),
    )
    brand = forms.ModelChoiceField(label=_("brand"), queryset=Brand.objects, required=False)
    group = forms.CharField(
        label=_("group"),
        max_length=80,
        required=False,
        help_text=_("The heading it stands under. Rules run in the order of the list."),
        widget=forms.TextInput(attrs={"list": GROUPS}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.label_suffix = ""
        since, brand = self.fields["since"], self.fields["brand"]
        if isinstance(since, forms.ChoiceField) and isinstance(brand, forms.ModelChoiceField):
            subject = self.scope.subject
            since.choices = [(name, since_text(name, subject)) for name in sinces_of(subject)]
            brand.queryset = Brand.objects.order_by(in_alphabet(Brand.objects.all()))
            brand.empty_label = _("All brands")
        for name, choices in _choices(self.scope.subject).items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices

    def clean_name(self) -> str:
        """Keep it on one line."""
        return one_line(self.cleaned_data["name"])

    def clean_group(self) -> str:
        """Keep it on one line."""
        return one_line(self.cleaned_data["group"])

    def typed(self, name: str) -> str:
        """Return what stands in a field."""
        value = self[name].value()
        return "" if value is None else str(value)

    @property
    def scope(self) -> Scope:
        """Return when the rule looks, and at what; what nobody offers is taken for the first."""
        when, subject = self.typed("when"), self.typed("subject")
        return Scope(
            when if when in Rule.When.values else str(Rule.When.INCOMING),
            subject if subject in Rule.Subject.values else str(Rule.Subject.CHAT),
        )

    @property
    def when_chosen(self) -> str:
        """Return when the rule looks."""
        return self.scope.when

    def told(self) -> dict[str, Any]:
        """Return when it looks and how often it acts, as the operations want it."""
        when, fires = self.when_chosen, self.typed("fires")
        after: dict[str, Any] = {}
        if when == Rule.When.TIME:
            offered, since = sinces_of(self.scope.subject), self.typed("since")
            # Where the rule was for something else before, the field shows the first.
            since = since if since in offered else offered[0]
            after = {"since": since, "minutes": whole(self.typed("minutes"))}
        return {
            "when": when,
            "subject": self.scope.subject,
            "after": after,
            "fires": {"minutes": whole(self.typed("every_minutes"))}
            if fires == "minutes"
            else fires,
        }

    def place_of(self, place: str) -> str:
        """Return the field at which an error of the check stands; "" when it is another's."""
        if place == "fires":
            return "every_minutes" if self.typed("fires") == "minutes" else "fires"
        named = {"after": "since", "after.since": "since", "after.minutes": "minutes"}
        return (named | {"subject": "subject"}).get(place, "")


def initial_of(rule: Rule) -> dict[str, Any]:
    """Return what stands in the fields for a stored rule."""
    fires, every = (
        ("minutes", rule.fires["minutes"])
        if rule.fires not in ("once", "every")
        else (rule.fires, None)
    )
    found = {
        "name": rule.name,
        "mode": rule.mode,
        "when": rule.when,
        "subject": rule.subject,
        "fires": fires,
        "stop": rule.stop,
        "brand": rule.brand_id,
        "group": rule.group,
    }
    if rule.after:
        found |= {"minutes": rule.after.get("minutes"), "since": rule.after.get("since")}
    return found | ({"every_minutes": every} if every else {})


def _choices(subject: str) -> dict[str, list[Choice]]:
    """Return when a rule can look and how often it can act, called as its subject is called."""
    usual: dict[str, list[Choice]] = {"when": list(Rule.When.choices), "fires": _FIRES}
    labels = _LABELS.get(subject, {})
    return {
        name: [(key, labels.get(name, {}).get(key, text)) for key, text in pairs]
        for name, pairs in usual.items()
    }


def _select(label: str, choices: Iterable[Choice], chosen: str, gone: str = "") -> forms.Field:
    """Return a native select that also keeps a choice which is no longer offered."""
    # Some labels end in the colon of a sentence.
    offered = [(key, str(text).rstrip(":")) for key, text in choices]
    if chosen and chosen not in {key for key, _label in offered}:
        offered.append((chosen, gone or chosen))
    attrs = {"aria-label": label}
    return forms.ChoiceField(
        label=label, choices=offered, required=False, widget=forms.Select(attrs=attrs)
    )


def _line(label: str, longest: int, **attrs: Any) -> forms.Field:
    told = {"aria-label": label, "maxlength": longest, "autocomplete": "off"} | attrs
    return forms.CharField(
        label=label, required=False, strip=False, widget=forms.TextInput(attrs=told)
    )


def _value_field(
    field: Field | None,
    typed: str,
    label: str,
    *,
    when: str = "",
    nothing: Sequence[Choice] = (),
) -> forms.Field:
    if field is None:
        return _line(label, VALUE_MAX)
    if field.type is Type.BOOLEAN:
        return _select(label, [*nothing, ("true", _("yes")), ("false", _("no"))], typed)
    if field.type is Type.TAG:
        return _line(label, TAG_MAX, list=TAGS)
    if field.choices is not None:
        offered = (field.choices_for(when) or {}).items()
        return _select(label, [*nothing, *offered], typed, str(field.choices.get(typed, "")))
    if field.rows is not None:
        gone = gettext("(deleted)")
        return _select(label, [*(nothing or [("", _("Choose…"))]), *field.rows()], typed, gone)
    if field.type is Type.NUMBER:
        return _line(label, 10, inputmode="numeric")
    return _line(label, VALUE_MAX)


class ConditionForm(forms.Form):
    """One condition: what is looked at, how it is compared, and with what."""

    def __init__(self, typed: Condition, *, scope: Scope, path: str, number: str) -> None:
        data = {"field": typed.field, "operator": typed.operator, "value": typed.value}
        data |= {"was": typed.field}
        super().__init__({f"{path}-{name}": value for name, value in data.items()}, prefix=path)
        told = {"number": number}
        fields = fields_of(scope.subject)
        looked_at = fields.get(typed.field)
        names = [(name, fields[name].label) for name in fields_for(*scope)]
        # Chosen before for something else that it is for.
        known = looked_at or FIELDS.get(typed.field) or TICKET_FIELDS.get(typed.field)
        gone = str(known.label) if known else ""
        self.fields["field"] = _select(
            gettext("Condition %(number)s: what is looked at") % told, names, typed.field, gone
        )
        self.fields["was"] = forms.CharField(required=False, widget=forms.HiddenInput)
        compared = operators_of(typed.field, *scope) if looked_at else []
        operator = OPERATORS.get(typed.operator)
        self.fields["operator"] = _select(
            gettext("Condition %(number)s: how") % told,
            [(name, OPERATORS[name].label) for name in compared],
            typed.operator,
            str(operator.label) if operator else "",
        )
        if len(compared) == 1 and typed.operator in compared:
            # "is" alone is no choice.
            self.fields["operator"].widget = forms.HiddenInput()
        if operator is None or operator.takes_value:
            label = gettext("Condition %(number)s: value") % told
            self.fields["value"] = _value_field(looked_at, typed.value, label, when=scope.when)


class StepForm(forms.Form):
    """One action with what it needs to be told."""

    def __init__(self, typed: Step, *, scope: Scope, path: str, number: int) -> None:
        data = {"action": typed.action} | typed.typed
        super().__init__({f"{path}-{name}": value for name, value in data.items()}, prefix=path)
        told = {"number": number}
        actions = actions_of(scope.subject)
        action = actions.get(typed.action)
        known = action or ACTIONS.get(typed.action) or TICKET_ACTIONS.get(typed.action)
        self.fields["action"] = _select(
            gettext("Action %(number)s") % told,
            [(name, each.label) for name, each in actions.items() if scope.when in each.when],
            typed.action,
            str(known.label) if known else "",
        )
        # Where the errors of each parameter stand.
        self.first_of: dict[str, str] = {"action": "action"}
        for name, parameter in (action.parameters if action else {}).items():
            begin = gettext("Action %(number)s: %(what)s")
            label = begin % (told | {"what": parameter.label})
            made = _parameter_fields(name, parameter, label, typed.typed)
            self.fields |= made
            self.first_of[name] = next(iter(made), "action")


def _parameter_fields(
    name: str, parameter: Parameter, label: str, typed: Mapping[str, str]
) -> dict[str, forms.Field]:
    if parameter.type == "texts":
        return {
            f"{name}-{code}": forms.CharField(
                label=f"{parameter.label} ({language})",
                required=False,
                strip=False,
                widget=forms.Textarea(
                    attrs={
                        "rows": 2,
                        "lang": code,
                        "maxlength": TEXT_MAX,
                        "aria-label": f"{label} ({language})",
                    }
                ),
            )
            for code, language in Language.choices
        }
    if parameter.type == "address":
        to = typed.get(name, CUSTOMER)
        choices = [(CUSTOMER, _("to the customer")), (OTHER, _("to another address"))]
        found = {name: _select(label, choices, to)}
        if to != CUSTOMER:
            widget = forms.EmailInput(attrs={"aria-label": gettext("E-mail address")})
            found[f"{name}-address"] = forms.CharField(
                label=_("E-mail address"), required=False, widget=widget
            )
        return found
    if parameter.type == "number":
        return {name: _line(label, 10, inputmode="numeric")}
    # What may be left open says what it is: in an action nothing else names it.
    nothing: list[Choice] = [] if parameter.required else [("", f"— {parameter.label} —")]
    if parameter.choices is not None:
        offered: list[Choice] = [*nothing, *parameter.choices.items()]
        return {name: _select(label, offered, typed.get(name, ""))}
    if parameter.type == "agents":
        return _boxes(name, dict(_rows_of("assignee")), ticked(typed, name))
    field, value = field_of(parameter), typed.get(name, "")
    return {name: _value_field(field, value, label, nothing=nothing)}


def _rows_of(field: str) -> list[tuple[str, str]]:
    rows = FIELDS[field].rows
    return rows() if rows else []


def _boxes(name: str, rows: Mapping[str, str], chosen: Iterable[str]) -> dict[str, forms.Field]:
    """Return a box for each row, and for each choice that is no longer offered."""
    offered = {**rows, **{key: gettext("(deleted)") for key in chosen if key not in rows}}
    return {
        f"{name}-{key}": forms.BooleanField(label=label, required=False)
        for key, label in offered.items()
    }


def brand_of(key: str) -> Brand | None:
    """Return the brand that a page was asked for."""
    return Brand.objects.filter(pk=key_of(key)).first()
