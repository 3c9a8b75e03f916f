"""Who is at the other end of a console socket, and whether that still holds."""

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.http import HttpRequest, parse_cookie
from django.utils import timezone

from agents.access import Access, access_of, accesses_of
from agents.credentials.tokens import Scope, agent_of_token, may_enter
from agents.models import Agent, ApiToken


@dataclass(frozen=True, eq=False)
class Credential:
    """An agent let in, by a session or by a token, with what was true then."""

    agent: Agent
    access: Access
    # Changes with the password.
    proof: str
    session_key: str | None = None
    token_id: int | None = None


def session_key_of(headers: Collection[tuple[bytes, bytes]]) -> str | None:
    """Return the session that the cookies of a request name."""
    for name, value in headers:
        if name == b"cookie":
            key = parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME) or ""
            # PostgreSQL can't even be asked for a NUL.
            return key.replace("\0", "") or None
    return None


def by_session(key: str) -> Credential | None:
    """Return who is signed in with this session."""
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    request = HttpRequest()
    request.session = store(key)
    agent = get_user(request)
    if not isinstance(agent, Agent) or not may_enter(agent):
        return None
    return Credential(agent, access_of(agent), agent.get_session_auth_hash(), session_key=key)


def by_token(raw: str) -> Credential | None:
    """Return whose API token this is, if it was made for the desk."""
    found = agent_of_token(raw)
    if found is None or Scope.DESK not in found[1].scopes:
        return None
    agent, token = found
    return Credential(agent, access_of(agent), agent.get_session_auth_hash(), token_id=token.pk)


def still_good(credentials: Collection[Credential]) -> set[Credential]:
    """Return those that would be let in again with the same rights; a few queries for all."""
    if not credentials:
        return set()
    agents = {
        agent.pk: agent
        for agent in Agent.objects.filter(pk__in={each.agent.pk for each in credentials})
    }
    accesses = accesses_of(agents.values())
    sessions = set(
        Session.objects.filter(
            session_key__in={each.session_key for each in credentials if each.session_key},
            expire_date__gt=timezone.now(),
        ).values_list("session_key", flat=True)
    )
    tokens = set(
        ApiToken.objects.filter(
            pk__in={each.token_id for each in credentials if each.token_id}, revoked_at=None
        ).values_list("pk", flat=True)
    )
    return {
        each
        for each in credentials
        if (agent := agents.get(each.agent.pk)) is not None
        and may_enter(agent)
        and agent.get_session_auth_hash() == each.proof
        and accesses[agent.pk] == each.access
        and (each.session_key is None or each.session_key in sessions)
        and (each.token_id is None or each.token_id in tokens)
    }
