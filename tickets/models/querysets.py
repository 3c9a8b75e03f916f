"""What an agent may see of tickets and contacts."""

from collections.abc import Callable
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from agents.access import Access, Reach, access_of, any_of, of_teams
from agents.models import Agent, Permission, Role


class TicketQuerySet(models.QuerySet[Any]):
    """Tickets."""

    def visible_to(self, agent: Agent | Access) -> Self:
        """Keep what `agent`'s roles allow. A ticket has no channel, so only brands narrow it."""
        access = agent if isinstance(agent, Access) else access_of(agent)
        if access.everything:
            return self
        allowed = any_of(
            _within(reach, access.agent_id) for reach in access.reaches(Permission.TICKETS)
        )
        return self.none() if allowed is None else self.filter(allowed)

    def held_by(self, access: Access) -> Self:
        """Keep what an agent has and may see: the same as of `visible_to`, known to an index.

        Within it scopes make no difference, and a database that reads them expects few rows.
        """
        held = self.filter(assignee=access.agent_id)
        if access.everything:
            return held
        allowed = any_of(reach.brands() for reach in access.reaches(Permission.TICKETS))
        return held.none() if allowed is None else held.filter(allowed)

    def in_parts(self, access: Access) -> list[Self]:
        """Keep the same as `visible_to`, in parts that share no ticket.

        Of whoever sees only their own: what they have, and what nobody of their teams has. An index
        knows the order of each, and of both together none.
        """
        reaches = access.reaches(Permission.TICKETS)
        if not reaches or any(reach.scope != Role.Scope.OWN for reach in reaches):
            return [self.visible_to(access)]
        theirs = (of_teams(reach.team_ids) & reach.brands() for reach in reaches)
        free = self.filter(Q(*theirs, _connector=Q.OR), assignee=None)
        return [self.held_by(access), free]


def _within(reach: Reach, agent_id: int) -> Q:
    mine = Q(assignee=agent_id)
    if reach.scope == Role.Scope.ALL:
        return reach.brands()
    theirs = of_teams(reach.team_ids)
    if reach.scope == Role.Scope.OWN:
        theirs &= Q(assignee=None)
    return (mine | theirs) & reach.brands()


type ContactIds = Callable[[Access], models.QuerySet[Any, Any]]
_sources: list[ContactIds] = []


def contacts_also_seen_in(source: ContactIds) -> None:
    """Let rooms above say, where they define their rows, whose contacts those are."""
    _sources.append(source)


type BrandIds = Callable[[int], models.QuerySet[Any, Any]]
brands_elsewhere: list[BrandIds] = []


def contacts_also_known_to(source: BrandIds) -> None:
    """Let rooms above say, where they define their rows, which brands a contact has to do with."""
    brands_elsewhere.append(source)


type Unseen = Callable[[int, Access], models.QuerySet[Any, Any]]
unseen_elsewhere: list[Unseen] = []


def contacts_also_answered_in(source: Unseen) -> None:
    """Let rooms above say, where they define their rows, in which of them a contact is answered
    that an agent may not see."""
    unseen_elsewhere.append(source)


class ContactQuerySet(models.QuerySet[Any]):
    """Contacts."""

    def visible_to(self, agent: Agent | Access) -> Self:
        """Keep the people of chats and tickets that `agent` may see."""
        access = agent if isinstance(agent, Access) else access_of(agent)
        if access.everything:
            return self
        tickets = self.model._meta.get_field("tickets").related_model
        allowed = Q(pk__in=tickets.objects.visible_to(access).values("contact"))
        for source in _sources:
            allowed |= Q(pk__in=source(access))
        return self.filter(allowed)

    def of_brand(self, brand_id: int, access: Access) -> Self:
        """Keep the people of one brand's chats and tickets that the agent may see."""
        tickets = self.model._meta.get_field("tickets").related_model.objects.visible_to(access)
        theirs = Q(pk__in=tickets.filter(brand=brand_id).values("contact"))
        for source in _sources:
            theirs |= Q(pk__in=source(access).filter(brand=brand_id))
        return self.filter(theirs)

    def proven(self, known: Q, *, are: bool) -> Self:
        """Keep those (not) verified by an address, number or sign-in that the agent may `know`."""
        own = self.model._meta.get_field("identities").related_model.objects.filter(known)
        is_proven = Exists(own.filter(contact=OuterRef("pk"), is_verified=True))
        return self.filter(is_proven if are else ~is_proven)
