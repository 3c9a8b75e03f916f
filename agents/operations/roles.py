"""Giving and taking roles, and what follows for those who hold them."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext

from agents.access import accesses_of
from agents.audit import record
from agents.events import AccessChanged
from agents.models import Agent, Permission, Role, RoleGrant, Team
from agents.operations.accounts import revoke_tokens
from agents.operations.sockets import revoke_sockets
from agents.operations.statuses import renew_limits
from config.events import publish


@transaction.atomic
def make_first_roles(*, language: str) -> None:
    """Make the roles that most companies need, named in `language`; none where there are some."""
    if Role.objects.exists():
        return
    agent = [Permission.CHAT, Permission.ARCHIVE, Permission.TICKETS]
    supervisor = [each for each in Permission if each != Permission.ADMIN]
    with translation.override(language):
        made = [
            Role(name=gettext("Agent"), permissions=agent, scope=Role.Scope.OWN),
            Role(name=gettext("Supervisor"), permissions=supervisor, scope=Role.Scope.ALL),
            Role(name=gettext("Admin"), permissions=[*Permission], scope=Role.Scope.ALL),
        ]
    for role in made:
        role.permissions = [str(each) for each in role.permissions]
        role.save()
        record("role.created", role, by=None)


@transaction.atomic
def give_role(*, role: Role, to: Agent | Team, by: Agent | None, now: datetime) -> RoleGrant:
    """Give a role to a person or to everyone in a team; giving it again changes nothing."""
    holder = {"agent": to} if isinstance(to, Agent) else {"team": to}
    grant, created = RoleGrant.objects.get_or_create(role=role, **holder)
    if created:
        record("role.given", to, by=by, role=role.name)
        access_changed(agents=_people(to), now=now)
    return grant


@transaction.atomic
def take_role(*, role: Role, of: Agent | Team, by: Agent | None, now: datetime) -> None:
    """Take a role away from a person or a team."""
    holder = {"agent": of} if isinstance(of, Agent) else {"team": of}
    if RoleGrant.objects.filter(role=role, **holder).delete()[0]:
        record("role.taken", of, by=by, role=role.name)
        access_changed(agents=_people(of), now=now)


@transaction.atomic
def set_roles(*, roles: Iterable[Role], of: Agent | Team, by: Agent | None, now: datetime) -> None:
    """Make these, and only these, the roles of a person or a team."""
    wanted = {role.pk: role for role in roles}
    holder = {"agent": of} if isinstance(of, Agent) else {"team": of}
    held = {grant.role_id: grant.role for grant in RoleGrant.objects.filter(**holder)}
    for pk in wanted.keys() - held.keys():
        give_role(role=wanted[pk], to=of, by=by, now=now)
    for pk in held.keys() - wanted.keys():
        take_role(role=held[pk], of=of, by=by, now=now)


@transaction.atomic
def set_members(*, team: Team, agents: Iterable[Agent], by: Agent | None, now: datetime) -> None:
    """Make these, and only these, the members of a team."""
    before = {agent.pk: agent for agent in team.agents.all()}
    after = {agent.pk: agent for agent in agents}
    changed = before.keys() ^ after.keys()
    if not changed:
        return
    team.agents.set(after.values())
    record(
        "team.members",
        team,
        by=by,
        added=sorted(after.keys() - before.keys()),
        removed=sorted(before.keys() - after.keys()),
    )
    access_changed(
        agents=[(before | after)[pk] for pk in sorted(changed)],
        now=now,
        roles=RoleGrant.objects.filter(team=team).exists(),
    )


@transaction.atomic
def set_teams(*, agent: Agent, teams: Iterable[Team], by: Agent | None, now: datetime) -> None:
    """Make these, and only these, the teams of an agent."""
    before = set(agent.teams.values_list("pk", flat=True))
    wanted = list(teams)
    after = {team.pk for team in wanted}
    if before == after:
        return
    agent.teams.set(wanted)
    record(
        "agent.teams", agent, by=by, added=sorted(after - before), removed=sorted(before - after)
    )
    access_changed(
        agents=[agent], now=now, roles=RoleGrant.objects.filter(team__in=before ^ after).exists()
    )


@transaction.atomic
def role_edited(*, role: Role, by: Agent | None, now: datetime) -> None:
    """Let everyone who holds a role feel that its permissions or bounds were edited."""
    record("role.edited", role, by=by, permissions=role.permissions, scope=role.scope)
    access_changed(agents=holders_of(role), now=now)


def holders_of(role: Role) -> list[Agent]:
    """Return the people who hold a role themselves or through a team."""
    grants = RoleGrant.objects.filter(role=role)
    held = Q(pk__in=grants.filter(team=None).values("agent")) | Q(
        teams__in=grants.filter(agent=None).values("team")
    )
    return list(Agent.objects.filter(held).distinct())


@transaction.atomic
def access_changed(*, agents: Iterable[Agent], now: datetime, roles: bool = True) -> None:
    """Bring what hangs on roles in step: the way into the administration, tokens, open sockets.

    Moving between teams that carry no `roles` leaves the tokens alone.
    """
    people = list(agents)
    accesses = accesses_of(people)
    for agent in people:
        # `everything` is False for the disabled, whose flag then falls too.
        is_staff = accesses[agent.pk].everything
        if agent.is_staff != is_staff:
            Agent.objects.filter(pk=agent.pk).update(is_staff=is_staff)
            agent.is_staff = is_staff
        if roles:
            revoke_tokens(agent=agent, now=now)
        revoke_sockets(agent.pk)
        publish(AccessChanged(agent_id=agent.pk, is_active=agent.is_active))
    # Teams and brands bound how many chats each of them may hold.
    renew_limits(agents=people, by=None, now=now)


def _people(holder: Agent | Team) -> list[Agent]:
    return [holder] if isinstance(holder, Agent) else list(holder.agents.all())
