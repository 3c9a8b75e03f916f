"""The status history: what agents were doing, from when to when, and who changed it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from agents.access import Access
from agents.models import Status, StatusInterval
from reports.definitions import Unit
from reports.figures.adding import is_row
from reports.figures.people import people_of
from reports.figures.standing import agents_online
from reports.figures.worktime import intervals_in
from reports.filters import Filters
from reports.listings.cells import Cell
from reports.listings.kind import Column, Listing

NAME = "statuses"


def _find(cell: Cell, filters: Filters, access: Access, now: datetime) -> QuerySet[StatusInterval]:
    row = cell.value
    if isinstance(row, date):
        filters = filters.on(row)
    people = people_of(filters, access)
    found = intervals_in(people, filters)
    if cell.by == "agent" and row is not None:
        found = found.filter(is_row("agent", row))
    key = cell.figure.key if cell.figure else ""
    if key.startswith("break_"):
        found = found.filter(status=Status.BREAK, reason=int(key.removeprefix("break_")))
    elif key in Status.values:
        found = found.filter(status=key)
    elif key == "first_online":
        found = found.filter(status=Status.ONLINE)
    elif key == "offline_time":
        found = found.filter(status=Status.OFFLINE)
    elif key == "last_offline":
        found = found.filter(status=Status.OFFLINE, started_at__gte=filters.since)
    elif key == "agents_online":
        online = agents_online(filters, access, now=now)
        found = StatusInterval.objects.filter(agent__in=online, ended_at=None)
    elif key == "changes":
        # Neither a new limit nor the first status of all is a change.
        before = StatusInterval.objects.filter(
            agent=OuterRef("agent"), ended_at=OuterRef("started_at")
        ).annotate(why=Coalesce("reason", 0))
        other = before.exclude(status=OuterRef("status"), why=Coalesce(OuterRef("reason"), 0))
        found = found.filter(Exists(other), started_at__gte=filters.since)
    return found.select_related("agent", "reason", "actor")


def _show(interval: StatusInterval, filters: Filters, now: datetime) -> dict[str, Any]:
    until = min(interval.ended_at or now, filters.until, now)
    within = (until - max(interval.started_at, filters.since)).total_seconds()
    reason = interval.reason.label(get_language() or "") if interval.reason else ""
    return {
        "started_at": interval.started_at,
        "ended_at": interval.ended_at,
        "agent": interval.agent.name,
        "status": interval.status,
        "reason": reason,
        "within": max(0.0, within),
        "changed_by": interval.actor.name if interval.actor else "",
    }


def _links(rows: Iterable[Any], access: Access) -> Mapping[int, str]:
    return {}


STATUSES = Listing(
    name=NAME,
    title=_("Status history"),
    moment="started_at",
    columns={
        "started_at": Column(name=_("From"), unit=Unit.MOMENT),
        "ended_at": Column(name=_("Until"), unit=Unit.MOMENT),
        "agent": Column(name=_("Agent")),
        "status": Column(name=_("Status"), labels=dict(Status.choices)),
        "reason": Column(name=_("Reason")),
        "within": Column(name=_("In these days"), unit=Unit.SECONDS),
        "changed_by": Column(name=_("Changed by"), labels={"": _("System")}),
    },
    find=_find,
    show=_show,
    links=_links,
    narrowed_by=("brand", "team", "agent"),
)
