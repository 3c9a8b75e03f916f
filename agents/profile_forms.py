"""Forms of the profile page."""

import zoneinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.access import Access
from agents.forms import PlainForm
from agents.models import Agent, Language, Permission
from agents.tokens import Scope


def time_zones() -> list[tuple[str, str]]:
    """Return the time zones that are named after places, and UTC."""
    names = sorted(
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class ProfileForm(PlainForm):
    """What a person says about themselves; roles and teams are not theirs to say."""

    name = forms.CharField(
        label=_("Display name"),
        max_length=80,
        help_text=_("Customers see this name."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)
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
