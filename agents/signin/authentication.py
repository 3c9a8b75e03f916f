"""How the API knows who calls: a bearer token, or the console's own session."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from agents.credentials.tokens import Scope, agent_of_token
from agents.models import Agent, ApiToken


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`; the account is looked at on each request."""

    def authenticate(self, request: Request) -> tuple[Agent, ApiToken] | None:
        """Return whose token it is; None leaves the request to the session."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        try:
            raw = parts[1].decode("ascii") if len(parts) == 2 else ""
        except UnicodeDecodeError:
            raw = ""
        found = agent_of_token(raw)
        if found is None:
            raise AuthenticationFailed
        return found

    def authenticate_header(self, request: Request) -> str:
        """Make a refusal a 401 that names the scheme."""
        return "Bearer"


class IsAgent(BasePermission):
    """An active agent; a token must also carry the view's `required_scope` (desk)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Refuse anonymous callers and tokens made for something else."""
        if not isinstance(request.user, Agent) or not request.user.is_active:
            return False
        scope = getattr(view, "required_scope", Scope.DESK)
        token: object = request.auth
        return token is None or (isinstance(token, ApiToken) and scope in token.scopes)
