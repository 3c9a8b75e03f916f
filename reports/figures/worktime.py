"""Agents' time: what they were doing and how many chats they had, as filtered and for whom."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest

from agents.access import Access
from agents.models import Status, StatusInterval
from reports.definitions import Figure, Unit
from reports.figures.packing import Micros, Packed, unpacked
from reports.figures.people import people_of
from reports.filters import Filters
from reports.sweep import Parts, Sessions, Turn, micros, moment_of, sweep

_BREAK = "break_"
# Parts that the chats and the turns Online tell: of a year, half of the turns are not read.
_TOLD_BY_ONLINE = frozenset(
    {"open", "busy", "most", "online", "first_online", "offered", "used", "occupied"}
)


def value_of(figure: Figure, parts: Parts, zone: ZoneInfo) -> Any:
    """Return what a figure says of parts."""
    if figure.unit == Unit.BY_REASON:
        return _by_reason(parts)
    value = parts.get(figure.part)
    if figure.over_part:
        over = parts.get(figure.over_part)
        return (value or 0) / over if over else None
    match figure.unit:
        case Unit.MOMENT:
            return moment_of(value).astimezone(zone) if value else None
        case Unit.COUNT:
            return int(value or 0)
    return (value or 0) / 1_000_000


def _by_reason(parts: Parts) -> dict[str, dict[str, float]]:
    """Return seconds by status and reason, the reason as the API names it, "" for none."""
    found = {status: {"": parts[status]} for status in Status.values if parts.get(status)}
    for name, spent in parts.items():
        if name.startswith(_BREAK) and spent:
            found[Status.BREAK][name.removeprefix(_BREAK)] = spent
            found[Status.BREAK][""] -= spent
    return {
        status: {reason: spent / 1_000_000 for reason, spent in reasons.items() if spent}
        for status, reasons in found.items()
    }


def cuts_of(filters: Filters, *, by_day: bool, now: datetime) -> tuple[list[int], list[date]]:
    """Return where stretches begin and the last ends, not after now, and their days."""
    end = min(filters.until, max(now, filters.since + timedelta(microseconds=1)))
    days, cuts = [filters.first], [micros(filters.since)]
    if by_day:
        for number in range(1, (filters.last - filters.first).days + 1):
            day = filters.first + timedelta(days=number)
            midnight = datetime.combine(day, time.min, filters.zone)
            if midnight >= end:
                break
            days.append(day)
            cuts.append(micros(midnight))
    return [*cuts, micros(end)], days


def read_work(
    figures: Sequence[Figure],
    stints: QuerySet[Any],
    filters: Filters,
    access: Access,
    *,
    by_day: bool,
    now: datetime,
) -> dict[int, dict[date, Parts]]:
    """Return the parts of each agent's time by day, or under the first day for the whole range.

    At least those that `figures` are made of. `stints`: the stretches with chats that count, as
    filtered and for these eyes.
    """
    cuts, days = cuts_of(filters, by_day=by_day, now=now)
    people = people_of(filters, access)
    wanted = {figure.part for figure in figures}
    wanted |= {figure.over_part for figure in figures if figure.over_part}
    turns = read_turns(people, filters, only_online=wanted <= _TOLD_BY_ONLINE, now=now)
    packed = _sessions(stints, people, filters, now)
    found = {}
    for agent_id in people:
        # One agent's at a time: those of all are a hundred bytes for each chat of the year.
        sessions = Sessions(*map(unpacked, packed.pop(agent_id, _NO_SESSIONS)))
        parts = sweep(turns.get(agent_id, []), sessions, cuts)
        if any(parts):
            found[agent_id] = dict(zip(days, parts, strict=True))
    return found


def intervals_in(people: Iterable[int], filters: Filters) -> QuerySet[StatusInterval]:
    """Return the intervals of these agents of which any part lies in the range."""
    return StatusInterval.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=filters.since),
        agent__in=list(people),
        started_at__lt=filters.until,
    )


def read_turns(
    people: Iterable[int], filters: Filters, *, only_online: bool = False, now: datetime
) -> Mapping[int, list[Turn]]:
    """Return the turns of each agent, whole, in order; of some alone none says what changed."""
    found: dict[int, list[Turn]] = defaultdict(list)
    before: tuple[int, str, int | None] | None = None
    # What ended as the range began says whether the next is another status.
    rows = StatusInterval.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=filters.since),
        agent__in=list(people),
        started_at__lt=filters.until,
    ).order_by("agent", "started_at", "pk")
    if only_online:
        rows = rows.filter(status=Status.ONLINE)
    values = rows.values_list(
        "agent_id",
        "status",
        "reason_id",
        "capacity",
        Micros("started_at"),
        # One that goes on ends now, none before it began.
        Greatest(Micros("started_at"), Coalesce(Micros("ended_at"), Value(micros(now)))),
    )
    for agent_id, status, reason, capacity, since, until in values:
        is_change = before is not None and before[0] == agent_id
        is_change = is_change and before != (agent_id, status, reason)
        found[agent_id].append(Turn(status, reason, since, until, capacity, is_change))
        before = (agent_id, status, reason)
    return found


def overlapping(stints: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    """Keep stretches of which any part, the wrap-up included, lies in the range."""
    return stints.filter(
        Q(freed=None) | Q(freed__gt=micros(filters.since)), begun__lt=micros(filters.until)
    )


_NO_SESSIONS = (b"", b"", b"")


def _sessions(
    stints: QuerySet[Any], people: Iterable[int], filters: Filters, now: datetime
) -> dict[int, Any]:
    """Return when each agent's chats began, were over and gave their slot back, each packed."""
    # One row an agent: a year's chats as rows of their own would take most of the time. Not by a
    # cursor, for which PostgreSQL plans as if only the first rows were wanted.
    end = Value(micros(now))
    rows = (
        overlapping(stints, filters)
        .filter(agent__in=list(people))
        .order_by()
        .values("agent")
        .annotate(
            begins=Packed(F("begun")),
            ends=Packed(Coalesce("over", Greatest("begun", end))),
            frees=Packed(Coalesce("freed", Greatest("begun", end))),
        )
        .values_list("agent", "begins", "ends", "frees")
    )
    return {agent_id: many for agent_id, *many in rows}
