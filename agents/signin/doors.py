"""Checking password and one-time code outside the sign-in pages, under the same limits."""

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from agents.models import Agent
from config.mail import own_spelling


class WrongCredentials(Exception):
    """Password or code is wrong, or the account may not enter; nothing says which."""


class CodeNeeded(Exception):
    """The password is right, and the account asks for a code as well."""


class TooManyFailures(Exception):
    """Too many failures for this account or from this address."""


def check_credentials(request: HttpRequest, *, email: str, password: str, otp: str | None) -> Agent:
    """Return the agent with these credentials; counts failures with those of the web sign-in."""
    with context.request_context(request):
        try:
            agent = get_adapter().authenticate(
                request, email=own_spelling(email), password=password
            )
        except ValidationError as error:
            raise TooManyFailures from error
        if not isinstance(agent, Agent):
            raise WrongCredentials
        if not is_mfa_enabled(agent, [Authenticator.Type.TOTP]):
            return agent
        if not otp:
            raise CodeNeeded
        form = AuthenticateForm(user=agent, data={"code": otp})
        if form.is_valid():
            form.authenticator.record_usage()
            return agent
        codes = {error.code for error in form.errors.as_data().get("code", ())}
        raise TooManyFailures if "too_many_login_attempts" in codes else WrongCredentials
