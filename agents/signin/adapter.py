"""What allauth does our way: no sign-up, links on our own address, everything by operations."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.credentials.known_devices import device_of, remember_device
from agents.models import Agent, Language
from agents.operations import change_password, end_sessions, update_profile
from agents.signin.backends import PASSWORD_MAX
from config.mail import own_spelling

# Signing in and out speaks for itself.
_SILENT = {
    "account/messages/logged_in.txt",
    "account/messages/logged_out.txt",
    "mfa/messages/recovery_codes_generated.txt",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The door of the house."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy("E-mail or password is wrong."),
        "enter_current_password": gettext_lazy("This is not your current password."),
        "incorrect_password": gettext_lazy("The password is wrong."),
        "too_many_login_attempts": gettext_lazy(
            "Too many attempts. Please wait a few minutes and try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Agents are invited; nobody signs up."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Send people nowhere but to a path of our own."""
        return bool(url) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def clean_password(self, password: str, user: AbstractBaseUser | None = None) -> str:
        """Refuse what would be slow to hash before anything looks at it."""
        if len(password) > PASSWORD_MAX:
            raise ValidationError(
                _("Use at most %(count)d characters.") % {"count": PASSWORD_MAX},
                code="password_too_long",
            )
        cleaned: str = super().clean_password(password, user=user)
        return cleaned

    def set_password(self, user: Agent, password: str) -> None:
        """End what the old password opened; only this browser's session goes on."""
        by = self.request.user if self.request.user.is_authenticated else user
        keep = self.request.session.session_key if by == user else None
        change_password(agent=user, password=password, by=by, now=timezone.now(), keep_session=keep)

    def logout(self, request: HttpRequest) -> None:
        """Close the sockets of this session together with it."""
        agent, key = request.user, request.session.session_key
        super().logout(request)
        if isinstance(agent, Agent) and key:
            end_sessions(agent=agent, only=[key])

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Say only what isn't plain to see."""
        if message_template not in _SILENT:
            super().add_message(request, level, message_template, *args, **kwargs)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Not per host name, or every spelling of our address would give five more guesses.
        email = own_spelling(str(credentials.get("email") or ""))
        device = device_of(request, email)
        return f"{device}:{email}" if device else email

    def post_login(self, request: HttpRequest, user: Agent, **how: Any) -> HttpResponse:
        """Know this browser again: guesses made elsewhere don't lock its owner out."""
        response: HttpResponse = super().post_login(request, user, **how)
        remember_device(request, response, user.email)
        self._keep_language(request, response, user)
        return response

    def _keep_language(self, request: HttpRequest, response: HttpResponse, agent: Agent) -> None:
        """Go on in the language that was chosen at the door; the next one there chooses anew."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen is None:
            return
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
        if chosen in Language.values and chosen != agent.language:
            update_profile(
                agent=agent,
                name=agent.name,
                language=chosen,
                time_zone=agent.time_zone,
                theme=agent.theme,
            )


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second step of the door."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy(
            "This code is wrong or too old. Enter the one that the app shows now."
        ),
    }


def session_rows(agent: Agent) -> list[UserSession]:
    """Return the live sessions of an agent, the newest use first."""
    rows: list[UserSession] = UserSession.objects.purge_and_list(agent)
    return sorted(rows, key=lambda row: row.last_seen_at, reverse=True)
