"""Changing what an agent is doing, and the ledger of it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from agents.access import access_of, accesses_of, brands_of
from agents.events import AgentStatusChanged
from agents.models import Agent, BreakReason, Status, StatusInterval
from agents.queries.capacity import limits_of
from config.events import publish
from config.wire import wire_time


class AgentDisabled(Exception):
    """The agent is no longer active and can only be Offline."""


@transaction.atomic
def set_status(
    *,
    agent: Agent,
    status: str,
    reason: BreakReason | None = None,
    by: Agent | None,
    now: datetime,
) -> StatusInterval:
    """Give `agent` a status and return its interval; the same status again changes nothing.

    The row of the agent is locked, so intervals never overlap. `by` is None for the system.
    """
    locked = Agent.objects.select_for_update(no_key=True, of=("self",)).get(pk=agent.pk)
    if not locked.is_active and status != Status.OFFLINE:
        raise AgentDisabled
    if status != Status.BREAK:
        reason = None
    current = StatusInterval.objects.filter(agent=locked, ended_at=None).first()
    if current and current.status == status and current.reason_id == (reason and reason.pk):
        _mirror(agent, locked)
        return current
    if current:
        # A clock that stepped back must not make an interval end before it began.
        now = max(now, current.started_at)
        current.ended_at = now
        current.save(update_fields=["ended_at"])
    access = access_of(locked)
    interval = StatusInterval.objects.create(
        agent=locked,
        status=status,
        reason=reason,
        started_at=now,
        capacity=limits_of([locked], {locked.pk: access})[locked.pk],
        actor=by,
    )
    locked.status = status
    locked.break_reason = reason
    locked.status_since = now
    if status == Status.ONLINE:
        locked.idle_since = now
    locked.save(update_fields=["status", "break_reason", "status_since", "idle_since"])
    _mirror(agent, locked)
    publish(
        AgentStatusChanged(
            agent_id=locked.pk,
            public_id=locked.public_id,
            display_name=locked.name,
            status=status,
            reason_id=reason.pk if reason else None,
            since=wire_time(now),
            by=by.pk if by else None,
            brand_ids=tuple(brands_of(access).values_list("pk", flat=True)),
        )
    )
    return interval


@transaction.atomic
def renew_limits(*, agents: Iterable[Agent], by: Agent | None, now: datetime) -> int:
    """Begin new intervals, in the same status, for those of `agents` whose limit has changed.

    Return how many.
    """
    wanted = [agent.pk for agent in agents]
    people = list(
        Agent.objects.filter(pk__in=wanted)
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    )
    limits = limits_of(people, accesses_of(people))
    changed = [
        interval
        for interval in StatusInterval.objects.filter(agent__in=people, ended_at=None)
        if interval.capacity != limits[interval.agent_id]
    ]
    for interval in changed:
        _renew(interval, limits[interval.agent_id], by=by, now=now)
    return len(changed)


def _renew(interval: StatusInterval, limit: int, *, by: Agent | None, now: datetime) -> None:
    if interval.started_at >= now:
        # Begun by the same request: nothing was held under the limit of before.
        interval.capacity = limit
        interval.save(update_fields=["capacity"])
        return
    interval.ended_at = now
    interval.save(update_fields=["ended_at"])
    StatusInterval.objects.create(
        agent_id=interval.agent_id,
        status=interval.status,
        reason_id=interval.reason_id,
        started_at=now,
        capacity=limit,
        actor=by,
    )


def _mirror(agent: Agent, locked: Agent) -> None:
    """Bring the caller's instance up to date."""
    agent.status = locked.status
    agent.break_reason = locked.break_reason
    agent.status_since = locked.status_since
    agent.idle_since = locked.idle_since
