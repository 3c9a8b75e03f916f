"""Forms of the profile page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.access import Access
from agents.credentials.tokens import Scope
from agents.hours.zones import ZoneField
from agents.models import Agent, Language, Notice, Permission
from agents.signin.forms import PlainForm


class ProfileForm(PlainForm):
    """What a person says about themselves; roles and teams are not theirs to say."""

    name = forms.CharField(
        label=_("Display name"),
        max_length=80,
        help_text=_("Customers see this name."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
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
    """What a person is told of, and when not."""

    wanted = forms.MultipleChoiceField(
        label=_("Tell me of"),
        choices=Notice.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"),
        required=False,
        help_text=_("Counts only while you are not Online. Empty: never."),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    digest = forms.BooleanField(
        label=_("E-mail me every morning"),
        required=False,
        help_text=_("The tickets that wait for you or for anybody, and nothing when none does."),
    )

    @property
    def quiet(self) -> list[list[str]]:
        """Return the quiet hours as they are stored."""
        times = [self.cleaned_data[name] for name in ("quiet_from", "quiet_until")]
        return [[f"{each:%H:%M}" for each in times]] if None not in times else []

    def clean(self) -> dict[str, Any]:
        """Refuse one time without the other, and the same twice."""
        given = super().clean() or {}
        begins, ends = given.get("quiet_from"), given.get("quiet_until")
        if (begins is None) != (ends is None) or (begins is not None and begins == ends):
            self.add_error("quiet_until", _("Quiet hours need two different times."))
        return given
