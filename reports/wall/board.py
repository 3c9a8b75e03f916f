"""What one viewer sees of a snapshot: only what their right reaches, and how it stands."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings

from agents.access import Access, Reach, reaches_agent
from agents.models import Permission, Role, Status
from config.text.folding import sort_key
from reports.figures.people import works_for
from reports.models import Targets
from reports.wall.snapshot import Person, Place, Snapshot

# A board that nobody has made anew for so long says so.
STALE_SECONDS = 10


class Level(StrEnum):
    """How a value stands to its target."""

    NONE = ""
    WARN = "warn"
    DANGER = "danger"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One agent."""

    person: Person
    reason: str
    taken: int
    unanswered_since: datetime | None
    level: Level
    sessions: int

    @property
    def slots(self) -> list[bool]:
        """Return of each slot, twelve at most, whether it is taken; the taken ones first."""
        return [number < self.taken for number in range(min(12, self.person.capacity))]


@dataclass(frozen=True, kw_only=True)
class Hour:
    """Chats that began in one hour, and those of them that nobody answered."""

    hour: int
    requests: int
    missed: int


@dataclass(frozen=True, kw_only=True)
class Board:
    """Everything on one screen."""

    as_of: datetime
    zone: ZoneInfo
    targets: Targets
    queue: int
    longest_since: datetime | None
    longest_topic: str
    in_time: int
    served: int
    abandoned: int
    abandoned_before: int
    good: int
    ratings: int
    requests: int
    rows: list[Row]
    hours: list[Hour]
    queue_level: Level
    wait_level: Level
    service_level: Level

    @property
    def service(self) -> float | None:
        """Return the share (0 to 1) of today's chats answered in time; None without any."""
        return self.in_time / self.served if self.served else None

    @property
    def csat(self) -> float | None:
        """Return the share (0 to 1) of good ones among today's ratings; None without any."""
        return self.good / self.ratings if self.ratings else None

    @property
    def level(self) -> Level:
        """Return the worst of all."""
        levels = {self.queue_level, self.wait_level, self.service_level}
        return next((one for one in (Level.DANGER, Level.WARN) if one in levels), Level.NONE)


def reaches_of(access: Access) -> tuple[Reach, ...]:
    """Return the roles that show a wallboard: who supervises or reads reports beyond oneself."""
    found = access.reaches(Permission.REPORTS, Permission.SUPERVISE)
    return tuple(reach for reach in found if reach.scope != Role.Scope.OWN)


def board_of(
    seen: Snapshot,
    access: Access,
    *,
    brand: int | None,
    targets: Targets,
    language: str,
    now: datetime,
) -> Board:
    """Return what somebody may see of a snapshot, of all brands or of one."""
    reaches = reaches_of(access)

    def shown(place: Place) -> bool:
        return (brand is None or place.brand == brand) and any(
            reach.covers(place.brand, place.channel)
            and (reach.scope == Role.Scope.ALL or bool(place.teams & reach.team_ids))
            for reach in reaches
        )

    waiting = sorted((one for one in seen.waiting if shown(one.place)), key=lambda one: one.since)
    first = waiting[0] if waiting else None
    total: dict[str, float] = defaultdict(float)
    by_hour: dict[tuple[str, int], float] = defaultdict(float)
    by_agent: dict[int, float] = defaultdict(float)
    for count in seen.counts:
        if shown(count.place):
            total[count.what] += count.number
            by_hour[count.what, count.hour] += count.number
            if count.what == "sessions":
                by_agent[count.agent] += count.number
    rows = [
        _row(person, seen, shown, by_agent, language, now)
        for person in seen.people
        if (
            person.pk == access.agent_id
            or any(reaches_agent(reach, person.access) for reach in reaches)
        )
        and (brand is None or works_for(person.access, brand))
    ]
    order = {Status.ONLINE: 0, Status.BREAK: 1, Status.INVISIBLE: 2}
    longest = (now - first.since).total_seconds() if first else 0
    served, in_time = int(total["service_level_of"]), int(total["service_level"])
    zone = ZoneInfo(settings.TIME_ZONE)
    return Board(
        as_of=seen.as_of,
        zone=zone,
        targets=targets,
        queue=len(waiting),
        longest_since=first.since if first else None,
        longest_topic=first.topic.get(language, "") if first else "",
        in_time=in_time,
        served=served,
        abandoned=int(total["abandoned"]),
        abandoned_before=int(total["abandoned_before"]),
        good=int(total["csat"]),
        ratings=int(total["csat_of"]),
        requests=int(total["requests"]),
        rows=sorted(
            rows,
            key=lambda row: (
                order.get(Status(row.person.status), 3),
                not row.person.is_here,
                sort_key(row.person.name),
            ),
        ),
        hours=_hours(by_hour, seen.as_of.astimezone(zone).hour),
        queue_level=_above(len(waiting), targets.queue),
        wait_level=_above(longest, targets.wait_seconds),
        service_level=_below(in_time / served * 100 if served else None, targets.service_level),
    )


def _row(
    person: Person,
    seen: Snapshot,
    shown: Callable[[Place], bool],
    by_agent: dict[int, float],
    language: str,
    now: datetime,
) -> Row:
    own = [one for one in seen.held if one.agent == person.pk and shown(one.place)]
    unanswered = min((one.unanswered_since for one in own if one.unanswered_since), default=None)
    share = (now - unanswered).total_seconds() if unanswered else 0
    target = settings.IMECE["REPLY_TARGET_SECONDS"]
    level = Level.DANGER if share >= target else Level.WARN if share >= target / 2 else Level.NONE
    return Row(
        person=person,
        reason=person.reason.get(language, ""),
        taken=sum(one.holds_slot for one in own),
        unanswered_since=unanswered,
        level=level,
        sessions=int(by_agent[person.pk]),
    )


def _hours(by_hour: dict[tuple[str, int], float], now: int) -> list[Hour]:
    used = [hour for (what, hour), number in by_hour.items() if what == "requests" and number]
    first, last = min([9, now, *used]), max([17, now, *used])
    return [
        Hour(
            hour=hour,
            requests=int(by_hour["requests", hour]),
            missed=int(by_hour["missed", hour]),
        )
        for hour in range(first, last + 1)
    ]


def _above(value: float, target: int) -> Level:
    if value <= target:
        return Level.NONE
    return Level.DANGER if value > 2 * target else Level.WARN


def _below(percent: float | None, target: int) -> Level:
    if percent is None or percent >= target:
        return Level.NONE
    return Level.DANGER if percent < target - 10 else Level.WARN


def targets_for(brand: int | None, *, among: Iterable[Targets]) -> Targets:
    """Return the targets of a brand, else those of all, else the usual ones."""
    by_brand = {one.brand_id: one for one in among}
    return by_brand.get(brand) or by_brand.get(None) or Targets()
