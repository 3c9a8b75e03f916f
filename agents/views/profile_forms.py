"""Forms of the profile page."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.access import Access
from agents.credentials.tokens import Scope
from agents.hours.zones import ZoneField
from agents.models import Agent, Notice, Permission
from agents.queries.notices import QUIET_MAX
from agents.signin.forms import PersonForm, PlainForm

# How the fields of quiet hours are called, from and until.
_PAIRS: list[tuple[str, ...]] = [
    (f"quiet_from{nth}", f"quiet_until{nth}")
    for nth in ("", *(f"_{number}" for number in range(2, QUIET_MAX + 1)))
]


class ProfileForm(PersonForm):
    """What a person says about themselves; roles and teams are not theirs to say."""

    time_zone = ZoneField()
    theme = forms.ChoiceField(label=_("Theme"), choices=Agent.Theme.choices)


class TokenForm(PlainForm):
    """A new API token; offers only what the person's roles allow."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("May be used for"), widget=forms.CheckboxSelectMultiple, initial=[Scope.DESK]
    )

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        # Both forms of the page have a name.
        super().__init__(*args, auto_id="token_%s", **kwargs)
        allowed = {
            Scope.DESK: True,
            Scope.ADMIN: access.may(Permission.ADMIN),
            Scope.EXPORT: access.may(Permission.EXPORT),
        }
        choices = [(scope.value, scope.label) for scope in Scope if allowed[scope]]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]


class NoticesForm(PlainForm):
    """What a person is told of, and when not; one pair of times more than there are, up to four."""

    wanted = forms.MultipleChoiceField(
        label=_("Tell me of"),
        choices=Notice.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    digest = forms.BooleanField(
        label=_("E-mail me every morning"),
        required=False,
        help_text=_("The tickets that wait for you or for anybody, and nothing when none does."),
    )

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        told = self.initial if data is None else data
        known = [pair for pair in _PAIRS if pair[0] in told or pair[1] in told]
        self._pairs = known if data is not None and known else _PAIRS[: len(known) + 1]
        for number, (begins, ends) in enumerate(self._pairs, 1):
            nth = f" ({number})" if number > 1 else ""
            self.fields[begins] = _time_field(gettext("Quiet from") + nth)
            self.fields[ends] = _time_field(gettext("Quiet until") + nth)
        self.fields[self._pairs[-1][1]].help_text = _(
            "Counts only while you are not Online. Empty: never."
        )
        self.order_fields(["wanted", *sum(self._pairs, ()), "digest"])

    @property
    def quiet(self) -> list[list[str]]:
        """Return the quiet hours as they are stored."""
        pairs = [[self.cleaned_data[name] for name in pair] for pair in self._pairs]
        return [[f"{each:%H:%M}" for each in pair] for pair in pairs if None not in pair]

    def clean(self) -> dict[str, Any]:
        """Refuse one time without the other, and the same twice."""
        given = super().clean() or {}
        for pair in self._pairs:
            begins, ends = (given.get(name) for name in pair)
            if (begins is None) != (ends is None) or (begins is not None and begins == ends):
                self.add_error(pair[1], _("Quiet hours need two different times."))
        return given


def quiet_initial(quiet: list[list[str]]) -> dict[str, str]:
    """Return stored quiet hours as the form shows them."""
    shown = zip(_PAIRS, quiet, strict=False)
    return {name: at for names, pair in shown for name, at in zip(names, pair, strict=True)}


def _time_field(label: str) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget)
