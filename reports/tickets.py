"""Tickets as figures see them: what their timelines say, as filtered and for these eyes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import (
    DurationField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from agents.access import Access, any_of, of_teams
from agents.models import Brand, Permission, Role
from reports.filters import Filters
from tickets.models import Entry, Ticket

_LINES = Entry.objects.filter(ticket=OuterRef("pk")).order_by().values("ticket")
_RESOLVED = _LINES.filter(kind=Entry.Kind.STATUS, data__to=Ticket.Status.RESOLVED)
_DONE = [Ticket.Status.RESOLVED, Ticket.Status.CLOSED]
_REOPENED = _LINES.filter(kind=Entry.Kind.STATUS, data__from__in=_DONE).exclude(data__to__in=_DONE)
_REQUESTERS = [Ticket.Status.NEW, Ticket.Status.OPEN, Ticket.Status.ON_HOLD]
_AGENTS = [Ticket.Status.WAITING]
# What was said in the chat before answers no ticket.
_REPLIES = _LINES.filter(kind=Entry.Kind.MESSAGE, author_kind=Entry.AuthorKind.AGENT, chat_id=None)


def told_of(tickets: QuerySet[Ticket]) -> QuerySet[Any]:
    """Add the moments and durations that lines tell of."""
    return tickets.annotate(
        first_reply_at=Subquery(_REPLIES.annotate(at=Min("created_at")).values("at")),
        first_resolved_at=Subquery(_RESOLVED.annotate(at=Min("created_at")).values("at")),
        last_resolved_at=Subquery(_RESOLVED.annotate(at=Max("created_at")).values("at")),
        first_reopened_at=Subquery(_REOPENED.annotate(at=Min("created_at")).values("at")),
        requester_wait=_spent_in(_REQUESTERS),
        agent_wait=_spent_in(_AGENTS),
    ).annotate(
        first_reply=_since_opened("first_reply_at"),
        first_resolution=_since_opened("first_resolved_at"),
        resolution=_since_opened("last_resolved_at"),
    )


def _spent_in(statuses: Sequence[str]) -> Any:
    """Return how long a ticket that is done was in these statuses.

    When it left them, since opening, less when it came into them; it may have begun in one.
    """
    at = ExpressionWrapper(F("created_at") - OuterRef("created_at"), output_field=DurationField())
    left = Q(data__from__in=statuses) & ~Q(data__to__in=statuses)
    entered = Q(data__to__in=statuses) & ~Q(data__from__in=statuses)
    lines = _LINES.filter(kind=Entry.Kind.STATUS)
    nothing = Value(timedelta(), output_field=DurationField())
    spent = lines.annotate(
        spent=Coalesce(Sum(at, filter=left), nothing) - Coalesce(Sum(at, filter=entered), nothing)
    )
    return Subquery(spent.values("spent"), output_field=DurationField())


def _since_opened(name: str) -> Any:
    return ExpressionWrapper(F(name) - F("created_at"), output_field=DurationField())


def tickets_for(filters: Filters, access: Access) -> QuerySet[Any]:
    """Return the tickets of any time that count, as filtered, where *reports* reaches.

    A ticket has no channel, so only brands narrow a role, as on the ticket pages.
    """
    found = Ticket.objects.filter(is_spam=False).exclude(
        is_safety_net=True, status=Ticket.Status.RESOLVED, assignee=None
    )
    if Brand.objects.filter(is_demo=False).exists():
        found = found.filter(brand__is_demo=False)
    allowed = []
    for reach in access.reaches(Permission.REPORTS):
        mine = Q(assignee=access.agent_id)
        if reach.scope == Role.Scope.TEAM:
            mine |= of_teams(reach.team_ids)
        elif reach.scope == Role.Scope.ALL:
            mine = Q(pk__isnull=False)
        allowed.append(mine & reach.brands())
    reached = any_of(allowed)
    if reached is None:
        return found.none()
    found = found.filter(reached)
    if filters.brand is not None:
        found = found.filter(brand=filters.brand)
    if filters.topic is not None:
        found = found.filter(topic=filters.topic)
    if filters.team is not None:
        found = found.filter(of_teams([filters.team]))
    if filters.agent:
        found = found.filter(assignee__public_id=filters.agent)
    return told_of(found)
