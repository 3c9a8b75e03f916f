"""Forms of the door: signing in, passwords, accepting an invitation."""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm as BaseChangePasswordForm
from allauth.account.forms import LoginForm as BaseLoginForm
from allauth.account.forms import ReauthenticateForm as BaseReauthenticateForm
from allauth.account.forms import ResetPasswordKeyForm as BaseResetPasswordKeyForm
from allauth.mfa.base.forms import AuthenticateForm as BaseAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as BaseMfaReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm as BaseActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP
from django import forms
from django.contrib.auth import password_validation
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Language
from agents.operations import request_password_reset
from config.mail import own_spelling


# Said in short; the stock list of rules says "password" four times.
def _rules() -> str:
    checks = password_validation.get_default_password_validators()
    length = max(getattr(check, "min_length", 0) for check in checks)
    text = _(
        "At least %(count)d characters. Not a common word, not only digits, not like your name."
    )
    return text % {"count": length}


_password_rules: Callable[[], str] = lazy(_rules, str)


class PlainForm(forms.Form):
    """No colons after labels, no placeholders that repeat them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class OwnAddressField(forms.EmailField):
    """The address of an account as it is typed on any keyboard: browsers know no İ in `email`."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> str:
        """Return the one spelling that accounts have."""
        return own_spelling(super().to_python(value) or "")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Bring the keyboard of addresses up all the same."""
        return super().widget_attrs(widget) | {
            "inputmode": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        }


class LoginForm(PlainForm, BaseLoginForm):  # type: ignore[misc]
    """E-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = OwnAddressField(label=_("E-mail"), max_length=254)
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        # Who comes back with an error has mostly mistyped the password.
        first = "password" if self.data.get("login") else "login"
        self.fields[first].widget.attrs["autofocus"] = True
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        self.fields["remember"].label = _("Keep me signed in on this device")


class ResetPasswordForm(PlainForm):
    """Asks for the address and never says whether it is known."""

    email = OwnAddressField(label=_("E-mail"), max_length=254)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs |= {"autocomplete": "email", "autofocus": True}

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have the link sent."""
        email: str = self.cleaned_data["email"]
        request_password_reset(email=email)
        return email


class ResetPasswordKeyForm(PlainForm, BaseResetPasswordKeyForm):  # type: ignore[misc]
    """The new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = _password_rules()
        self.fields["password2"].label = _("New password again")


class ChangePasswordForm(PlainForm, BaseChangePasswordForm):  # type: ignore[misc]
    """The present password, and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = _password_rules()
        self.fields["password2"].label = _("New password again")


class ReauthenticateForm(PlainForm, BaseReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something sensitive."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""


_CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}


class _CodeForm(PlainForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")
        self.fields["code"].widget.attrs |= _CODE
        self.fields["code"].max_length = 40  # type: ignore[attr-defined]


class AuthenticateForm(_CodeForm, BaseAuthenticateForm):  # type: ignore[misc]
    """The code of the authenticator app, or a recovery code."""


class MfaReauthenticateForm(_CodeForm, BaseMfaReauthenticateForm):  # type: ignore[misc]
    """The code once more, before something sensitive."""


class ActivateTOTPForm(_CodeForm, BaseActivateTOTPForm):  # type: ignore[misc]
    """The first code, which proves that the app has the key."""

    def clean_code(self) -> str:
        """Take a code that opens nothing afterwards: allauth remembers only those of sign-ins."""
        code = str(super().clean_code())
        TOTP(Authenticator(user=self.user))._mark_code_used(code)
        return code


class PersonForm(PlainForm):
    """How a person is called, and which language they read."""

    name = forms.CharField(
        label=_("Display name"),
        max_length=80,
        help_text=_("Customers see this name."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)


class AcceptInvitationForm(PersonForm):
    """What an invited person says about themselves."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_password_rules(),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        """Check the password against the rules, and against the name and address."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if password := cleaned.get("password"):
            person = Agent(email=self.email, name=cleaned.get("name", ""))
            try:
                get_adapter().clean_password(password, user=person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned
