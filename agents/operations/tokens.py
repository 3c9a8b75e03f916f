"""Making API tokens."""

from collections.abc import Iterable

from django.db import transaction

from agents.access import access_of
from agents.audit import record
from agents.credentials.tokens import PREFIX, Scope, hash_secret, new_secret
from agents.models import Agent, ApiToken, Permission

TOKENS_MAX = 50
_NEEDED = {Scope.ADMIN: Permission.ADMIN, Scope.EXPORT: Permission.EXPORT}


class TooManyTokens(Exception):
    """The agent holds too many good tokens already."""


class ScopeNotAllowed(Exception):
    """The agent's roles don't allow what the token asks for."""


@transaction.atomic
def create_token(
    *, agent: Agent, name: str, scopes: Iterable[str] = (Scope.DESK,), by: Agent | None
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which can't be shown again."""
    wanted = sorted({Scope(scope).value for scope in scopes}) or [Scope.DESK.value]
    access = access_of(agent)
    if any(scope in _NEEDED and not access.may(_NEEDED[Scope(scope)]) for scope in wanted):
        raise ScopeNotAllowed
    if ApiToken.objects.filter(agent=agent, revoked_at=None).count() >= TOKENS_MAX:
        raise TooManyTokens
    raw = PREFIX + new_secret()
    token = ApiToken.objects.create(
        agent=agent, name=name, token_hash=hash_secret(raw), scopes=wanted
    )
    record("token.created", agent, by=by, name=name, scopes=wanted)
    return token, raw
