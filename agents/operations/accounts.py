"""Passwords, sessions and the end of an account."""

from collections.abc import Iterable
from datetime import datetime
from importlib import import_module

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction

from agents.audit import record
from agents.events import AccessChanged, OrganisationChanged
from agents.models import Agent, ApiToken, Presence, Status
from agents.operations.sockets import revoke_sockets
from agents.operations.statuses import set_status
from config.events import publish
from config.mail import own_spelling

_SessionStore = import_module(settings.SESSION_ENGINE).SessionStore


@transaction.atomic
def change_password(
    *, agent: Agent, password: str, by: Agent | None, now: datetime, keep_session: str | None = None
) -> None:
    """Set the password; every other session, all API tokens and open sockets end."""
    agent.set_password(password)
    agent.save(update_fields=["password"])
    revoke_tokens(agent=agent, now=now)
    end_sessions(agent=agent, keep=keep_session)
    revoke_sockets(agent.pk)
    record("password.changed", agent, by=by)


@transaction.atomic
def disable_agent(*, agent: Agent, by: Agent | None, now: datetime) -> None:
    """Lock the account: Offline, no sessions, no tokens, no sockets. Nothing it did is lost."""
    set_status(agent=agent, status=Status.OFFLINE, by=by, now=now)
    Agent.objects.filter(pk=agent.pk).update(is_active=False)
    agent.is_active = False
    revoke_tokens(agent=agent, now=now)
    end_sessions(agent=agent)
    revoke_sockets(agent.pk)
    # Without a lease the next sweep hands the open chats back to the queue.
    Presence.objects.filter(agent=agent).delete()
    record("agent.disabled", agent, by=by)
    publish(AccessChanged(agent_id=agent.pk, is_active=False), OrganisationChanged())


@transaction.atomic
def enable_agent(*, agent: Agent, by: Agent | None) -> None:
    """Let a disabled person in again."""
    Agent.objects.filter(pk=agent.pk).update(is_active=True)
    agent.is_active = True
    record("agent.enabled", agent, by=by)
    publish(AccessChanged(agent_id=agent.pk, is_active=True), OrganisationChanged())


@transaction.atomic
def change_email(*, agent: Agent, email: str, by: Agent | None, now: datetime) -> None:
    """Give the account another address; links and sessions of the old one end."""
    old, agent.email = agent.email, own_spelling(email)
    agent.save(update_fields=["email"])
    # allauth would let the old address in as well.
    EmailAddress.objects.filter(user=agent).delete()
    revoke_tokens(agent=agent, now=now)
    if by != agent:
        end_sessions(agent=agent)
        revoke_sockets(agent.pk)
    record("agent.email_changed", agent, by=by, old=old)


@transaction.atomic
def remove_second_step(*, agent: Agent, by: Agent | None) -> None:
    """Turn two-step sign-in off for somebody who lost the phone."""
    if Authenticator.objects.filter(user=agent).delete()[0]:
        record("agent.second_step_removed", agent, by=by)


@transaction.atomic
def end_sessions(
    *, agent: Agent, keep: str | None = None, only: Iterable[str] | None = None
) -> list[str]:
    """Sign the agent out of all browsers, or `only` some, except `keep`; return the ended keys."""
    rows = UserSession.objects.filter(user=agent)
    if only is not None:
        rows = rows.filter(session_key__in=list(only))
    if keep:
        rows = rows.exclude(session_key=keep)
    keys = list(rows.values_list("session_key", flat=True))
    for key in keys:
        _SessionStore().delete(key)
        revoke_sockets(agent.pk, key)
    rows.delete()
    return keys


@transaction.atomic
def revoke_tokens(
    *, agent: Agent, now: datetime, only: int | None = None, by: Agent | None = None
) -> int:
    """Revoke all API tokens of the agent, or one; return how many were still good."""
    rows = ApiToken.objects.filter(agent=agent, revoked_at=None)
    if only is not None:
        rows = rows.filter(pk=only)
    count = rows.update(revoked_at=now)
    if count and by:
        record("token.revoked", agent, by=by)
    if count:
        revoke_sockets(agent.pk)
    return count
