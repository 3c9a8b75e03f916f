"""What an agent may do and reach: the one place that reads roles.

Pages, sockets, API, search and export all narrow their rows by `visible_to`, which is built on
`access_of`. A role given to a person counts for all teams of that person; a role given to a team
counts for that team only.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from agents.models import Agent, Brand, Permission, Role, RoleGrant, Team, Topic

_Membership = Team.agents.through
_TopicTeam = Topic.teams.through


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far one role carries. `brand_ids` and `channels` of None mean all of them."""

    scope: str
    brand_ids: frozenset[int] | None
    channels: frozenset[str] | None
    team_ids: frozenset[int]

    def covers(self, brand_id: int, channel: str) -> bool:
        """Return whether the role is authorised for the brand and the channel."""
        return (self.brand_ids is None or brand_id in self.brand_ids) and (
            self.channels is None or channel in self.channels
        )

    def brands(self, name: str = "brand") -> Q:
        """Return the condition that a row's brand is one of ours."""
        return Q() if self.brand_ids is None else Q(**{f"{name}__in": self.brand_ids})

    def channel(self, name: str = "channel") -> Q:
        """Return the condition that a row's channel is one of ours."""
        return Q() if self.channels is None else Q(**{f"{name}__in": self.channels})


@dataclass(frozen=True, kw_only=True)
class Access:
    """What one agent may do, computed once from the roles of the person and of their teams."""

    agent_id: int
    everything: bool
    team_ids: frozenset[int]
    by_permission: dict[str, tuple[Reach, ...]] = field(default_factory=dict)

    def may(self, permission: str) -> bool:
        """Return whether any role allows `permission` anywhere."""
        return self.everything or permission in self.by_permission

    def reaches(self, *permissions: str) -> tuple[Reach, ...]:
        """Return how far the agent may go with any of `permissions`."""
        if self.everything:
            everywhere = Reach(
                scope=Role.Scope.ALL, brand_ids=None, channels=None, team_ids=self.team_ids
            )
            return (everywhere,)
        found = (reach for name in permissions for reach in self.by_permission.get(name, ()))
        return tuple(dict.fromkeys(found))

    def may_in(self, permission: str, brand_id: int, channel: str) -> bool:
        """Return whether `permission` holds for a brand and channel, whatever the scope."""
        return any(reach.covers(brand_id, channel) for reach in self.reaches(permission))

    def may_take(self, brand_id: int, channel: str, team_ids: Collection[int]) -> bool:
        """Return whether chats of these teams, on this brand and channel, may come to the agent."""
        ours = self.team_ids.intersection(team_ids)
        return bool(ours) and any(
            reach.covers(brand_id, channel) and (self.everything or reach.team_ids & ours)
            for reach in self.reaches(Permission.CHAT)
        )

    def brand_ids(self) -> frozenset[int] | None:
        """Return the brands that any role reaches; None means all."""
        brands: set[int] = set()
        for reach in self.reaches(*Permission):
            if reach.brand_ids is None:
                return None
            brands |= reach.brand_ids
        return frozenset(brands)


def reaches_agent(reach: Reach, other: Access) -> bool:
    """Return whether a role reaches somebody else: of its teams, and working where it holds."""
    if reach.scope == Role.Scope.OWN:
        return False
    if reach.scope == Role.Scope.TEAM and not other.team_ids & reach.team_ids:
        return False
    return other.everything or any(
        (reach.brand_ids is None or theirs.brand_ids is None or reach.brand_ids & theirs.brand_ids)
        and (reach.channels is None or theirs.channels is None or reach.channels & theirs.channels)
        for theirs in other.reaches(*Permission)
    )


def supervises_agent(access: Access, agent: Agent) -> bool:
    """Return whether somebody supervises an agent, whose status they may then change."""
    other = access_of(agent)
    return any(reaches_agent(reach, other) for reach in access.reaches(Permission.SUPERVISE))


def accesses_of(agents: Iterable[Agent]) -> dict[int, Access]:
    """Return the access of each agent, by primary key, in two queries however many they are."""
    people = list(agents)
    return _accesses(people, active={agent.pk for agent in people if agent.is_active})


def last_accesses_of(agents: Iterable[Agent]) -> dict[int, Access]:
    """Return the same, but of who is disabled what they had: it says whose past a report shows.

    It is no right of theirs: who is disabled may do nothing, as `accesses_of` says.
    """
    people = list(agents)
    return _accesses(people, active={agent.pk for agent in people})


def _accesses(people: Collection[Agent], *, active: Collection[int]) -> dict[int, Access]:
    if not people:
        return {}
    teams: dict[int, set[int]] = defaultdict(set)
    for agent_id, team_id in _Membership.objects.filter(agent__in=active).values_list(
        "agent_id", "team_id"
    ):
        teams[agent_id].add(team_id)
    roles_of = _grants(active, {team_id for ids in teams.values() for team_id in ids})
    return {
        agent.pk: _access(agent, frozenset(teams[agent.pk]), roles_of, is_active=agent.pk in active)
        for agent in people
    }


def access_of(agent: Agent) -> Access:
    """Return what `agent` may do now; nothing for somebody who is no longer active."""
    return accesses_of([agent])[agent.pk]


@dataclass(frozen=True)
class _GrantedRole:
    permissions: tuple[str, ...]
    scope: str
    channels: frozenset[str] | None
    brand_ids: frozenset[int] | None


type _RolesOf = dict[tuple[str, int], list[_GrantedRole]]


def _grants(agent_ids: Collection[int], team_ids: Collection[int]) -> _RolesOf:
    """Return the roles given to each person and team; one row per grant and brand of its role."""
    rows = RoleGrant.objects.filter(Q(agent__in=agent_ids) | Q(team__in=team_ids)).values_list(
        "pk",
        "agent_id",
        "team_id",
        "role__permissions",
        "role__scope",
        "role__channels",
        "role__brands__pk",
    )
    brands: dict[int, set[int]] = defaultdict(set)
    heads: dict[int, tuple[tuple[str, int], list[str], str, list[str]]] = {}
    for pk, agent_id, team_id, permissions, scope, channels, brand_id in rows:
        holder = ("agent", agent_id) if agent_id else ("team", team_id)
        heads[pk] = (holder, permissions, scope, channels)
        if brand_id is not None:
            brands[pk].add(brand_id)
    found: _RolesOf = defaultdict(list)
    for pk, (holder, permissions, scope, channels) in heads.items():
        role = _GrantedRole(
            permissions=tuple(permissions),
            scope=scope,
            channels=frozenset(channels) or None,
            brand_ids=frozenset(brands[pk]) or None,
        )
        found[holder].append(role)
    return found


def _access(
    agent: Agent, team_ids: frozenset[int], roles_of: _RolesOf, *, is_active: bool
) -> Access:
    held = [(role, team_ids) for role in roles_of.get(("agent", agent.pk), ())]
    for team_id in sorted(team_ids):
        held += [(role, frozenset({team_id})) for role in roles_of.get(("team", team_id), ())]
    by_permission: dict[str, list[Reach]] = defaultdict(list)
    for role, teams in held if is_active else ():
        reach = Reach(
            scope=role.scope, brand_ids=role.brand_ids, channels=role.channels, team_ids=teams
        )
        for permission in role.permissions:
            by_permission[permission].append(reach)
    return Access(
        agent_id=agent.pk,
        everything=is_active and (agent.is_superuser or Permission.ADMIN in by_permission),
        team_ids=team_ids,
        by_permission={name: tuple(dict.fromkeys(found)) for name, found in by_permission.items()},
    )


def teams_in_charge(
    own: int | None, of_topic: Collection[int], default: int | None
) -> frozenset[int]:
    """Return whose a chat or ticket is: `of_teams` says the same of rows.

    Its own team decides; without one every team of its topic, also of one that is switched off,
    and the brand's default team when the topic is unknown or points to no team.
    """
    if own is not None:
        return frozenset({own})
    if of_topic:
        return frozenset(of_topic)
    return frozenset() if default is None else frozenset({default})


def teams_of(row: Any) -> frozenset[int]:
    """Return whose a chat or ticket is; the topic's teams are read where they matter."""
    of_topic: list[int] = []
    if row.team_id is None and row.topic_id is not None:
        pairs = _TopicTeam.objects.filter(topic=row.topic_id)
        of_topic = list(pairs.values_list("team", flat=True))
    return teams_in_charge(row.team_id, of_topic, row.brand.default_team_id)


def of_teams(team_ids: Collection[int]) -> Q:
    """Return the condition that a chat or ticket belongs to one of these teams.

    In the words of SQL what `teams_in_charge` says.
    """
    ours = _TopicTeam.objects.filter(team__in=team_ids).values("topic")
    default = Brand.objects.filter(default_team__in=team_ids).values("pk")
    # Also without a topic. Not by `Exists`, which takes Django as long to word as all the rest.
    unrouted = ~Q(topic__in=_TopicTeam.objects.values("topic"))
    by_topic = Q(topic__in=ours) | (Q(brand__in=default) & unrouted)
    return Q(team__in=team_ids) | (Q(team=None) & by_topic)


def any_of(conditions: Iterable[Q]) -> Q | None:
    """Join `conditions` by OR; None when there is none, which must then match no row."""
    found = list(conditions)
    # An empty one holds for every row, and would be left out.
    if not all(found):
        return Q()
    return Q(*found, _connector=Q.OR) if found else None


def brands_of(agent: Agent | Access) -> QuerySet[Brand]:
    """Return the brands that `agent` is authorised for, by name."""
    access = agent if isinstance(agent, Access) else access_of(agent)
    ids = access.brand_ids()
    brands = Brand.objects.order_by("name", "pk")
    return brands if ids is None else brands.filter(pk__in=ids)
