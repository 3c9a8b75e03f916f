"""The one door through which passwords and sessions become people."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from agents.credentials.tokens import may_enter
from agents.models import Agent
from config.mail import own_spelling

# Longer passwords are refused before they are hashed: hashing megabytes is a way to stop us.
PASSWORD_MAX = 256


class AgentBackend(AuthenticationBackend):  # type: ignore[misc]
    """Sign-in by e-mail, for active people; asked again on every request of a session."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Agent | None:
        """Return who has these credentials."""
        if len(credentials.get("password") or "") > PASSWORD_MAX:
            return None
        agent: Agent | None = super().authenticate(request, **credentials)
        return agent

    def _authenticate_by_email(self, email: str, password: str) -> Agent | None:
        # Exactly one account: databases that compare without case don't agree on İ and ı.
        agent = Agent.objects.filter(email=own_spelling(email)).first()
        found: Agent | None = self._check_password(agent, password)
        return found

    def user_can_authenticate(self, user: Agent) -> bool:
        """Refuse the disabled, and demo accounts anywhere but on this machine."""
        return may_enter(user)

    @classmethod
    def _stash_user(cls, user: Agent | None) -> None:
        # allauth would take a refused person with the right password further, up to a page that
        # says so. Here they get the answer that a wrong password gets.
        return None
