"""How new agents come in: a single-use link by e-mail, and nothing else."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from agents.access import accesses_of
from agents.audit import record
from agents.credentials.tokens import hash_secret, new_secret
from agents.mail import send_mail
from agents.models import Agent, Invitation, Role, StatusInterval, Team
from agents.operations.roles import give_role, set_teams
from agents.queries.capacity import limits_of
from config.mail import own_spelling
from config.outbox.operations import enqueue
from config.text.folding import sort_key

VALID_FOR = timedelta(days=7)
MAIL = "agents.invitation_mail"


class AlreadyAgent(Exception):
    """Somebody with this e-mail is an agent already."""


class InvitationInvalid(Exception):
    """The link was used, has expired, was replaced by a newer one or never existed."""


@transaction.atomic
def invite_agent(
    *,
    email: str,
    name: str,
    language: str,
    role: Role | None,
    teams: Iterable[Team] = (),
    by: Agent | None,
    now: datetime,
) -> Invitation:
    """Invite somebody by e-mail; earlier open invitations of the same address stop working."""
    email = own_spelling(email)
    if Agent.objects.filter(email=email).exists():
        raise AlreadyAgent
    Invitation.objects.filter(email=email, used_at=None).update(expires_at=now)
    invitation = Invitation.objects.create(
        email=email,
        name=name,
        language=language,
        role=role,
        # Nobody knows the secret behind this: the mail makes its own.
        token_hash=hash_secret(new_secret()),
        invited_by=by,
        expires_at=now + VALID_FOR,
    )
    invitation.teams.set(teams)
    record("agent.invited", invitation, by=by, role=role.name if role else None)
    send_invitation(invitation=invitation)
    return invitation


@transaction.atomic
def send_invitation(*, invitation: Invitation) -> None:
    """Have the link sent (again); the worker makes it, so that no secret waits in the database."""
    enqueue(
        kind=MAIL,
        key=f"{MAIL}:{invitation.pk}:{uuid4().hex}",
        payload={"invitation": invitation.pk},
    )


@transaction.atomic
def renew_link(*, invitation: Invitation, now: datetime) -> str:
    """Return a fresh link; the one before it stops working."""
    locked = Invitation.objects.select_for_update(no_key=True, of=("self",)).get(pk=invitation.pk)
    if locked.used_at is not None:
        raise InvitationInvalid
    secret = new_secret()
    locked.token_hash = hash_secret(secret)
    locked.expires_at = now + VALID_FOR
    locked.save(update_fields=["token_hash", "expires_at"])
    invitation.token_hash, invitation.expires_at = locked.token_hash, locked.expires_at
    path = reverse("agents:invitation-link", args=[secret])
    return f"{settings.PUBLIC_URL}{path}"


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Agent | None, now: datetime) -> None:
    """Make the link of an invitation stop working."""
    Invitation.objects.filter(pk=invitation.pk, used_at=None).update(expires_at=now)
    record("agent.invitation_revoked", invitation, by=by)


def mail_invitation(payload: dict[str, Any]) -> None:
    """Outbox handler: make the link and send it. Sent twice, only the newer link works."""
    now = timezone.now()
    invitation = Invitation.objects.filter(
        pk=payload["invitation"], used_at=None, expires_at__gt=now
    ).first()
    if invitation is None:
        return
    send_mail(
        "invitation",
        to=invitation.email,
        language=invitation.language,
        context={
            "name": invitation.name,
            "inviter": invitation.invited_by.name if invitation.invited_by else "",
            "link": renew_link(invitation=invitation, now=now),
            "days": VALID_FOR.days,
        },
    )


def open_invitation(secret: str, *, now: datetime) -> Invitation | None:
    """Return the invitation behind a link, while it is good."""
    if not secret or len(secret) > 100:
        return None
    return Invitation.objects.filter(
        token_hash=hash_secret(secret), used_at=None, expires_at__gt=now
    ).first()


@transaction.atomic
def accept_invitation(
    *, secret: str, name: str, password: str, language: str, now: datetime
) -> Agent:
    """Make the invited agent. The row is locked, so of two clicks one wins."""
    invitation = (
        Invitation.objects.select_for_update(no_key=True, of=("self",))
        .filter(token_hash=hash_secret(secret), used_at=None, expires_at__gt=now)
        .first()
    )
    if invitation is None or Agent.objects.filter(email=invitation.email).exists():
        raise InvitationInvalid
    agent = create_agent(
        email=invitation.email, name=name, password=password, language=language, now=now
    )
    Invitation.objects.filter(pk=invitation.pk).update(used_at=now)
    set_teams(agent=agent, teams=invitation.teams.all(), by=invitation.invited_by, now=now)
    if invitation.role:
        give_role(role=invitation.role, to=agent, by=invitation.invited_by, now=now)
    record("agent.joined", agent, by=agent)
    return agent


@transaction.atomic
def create_agent(
    *, email: str, name: str, password: str, language: str, now: datetime, **fields: Any
) -> Agent:
    """Save a new agent with the first, Offline, interval of the status ledger."""
    agent = Agent.objects.create_user(
        email=email,
        password=password,
        name=name.strip(),
        sort_name=sort_key(name)[:400],
        language=language,
        status_since=now,
        idle_since=now,
        created_at=now,
        **fields,
    )
    limit = limits_of([agent], accesses_of([agent]))[agent.pk]
    StatusInterval.objects.create(agent=agent, status=agent.status, started_at=now, capacity=limit)
    return agent
