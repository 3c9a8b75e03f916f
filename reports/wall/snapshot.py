"""Everything that wallboards show, read once a second for all of them; it names no customer."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.db.models.functions import ExtractHour
from django.utils import timezone

from agents.access import Access, accesses_of, teams_in_charge
from agents.models import Agent, Brand, Status, StatusInterval, Topic
from agents.presence import with_presence
from chat.models import Conversation
from reports.definitions import FIGURES
from reports.models import ChatFact, StintFact

FRESH = timedelta(seconds=1)
_KEY, _LOCK = "reports.wall", "reports.wall.making"
_MAKING_SECONDS = 10
_KEPT_SECONDS = 300
# What is counted of today; the same definitions as in reports.
_TODAY = {
    "queued_at": ("service_level", "abandoned"),
    "started_at": ("requests", "missed"),
    "rated_at": ("csat",),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a chat belongs: what decides who may count it."""

    brand: int
    channel: str
    teams: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A chat in line."""

    place: Place
    # What it is about, in both languages.
    topic: Mapping[str, str]
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Held:
    """A chat that an agent has."""

    place: Place
    agent: int
    holds_slot: bool
    unanswered_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Person:
    """An agent who is not Offline."""

    pk: int
    public_id: str
    name: str
    status: str
    # Whether a console is open, or a phone rings: who is Online and not here gets no chats.
    is_here: bool
    reason: Mapping[str, str]
    since: datetime
    capacity: int
    access: Access


@dataclass(frozen=True, kw_only=True)
class Count:
    """Chats of one place: how many of what, in which hour or of which agent."""

    place: Place
    what: str
    number: float
    hour: int = -1
    agent: int = 0


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One moment."""

    as_of: datetime
    waiting: list[Waiting]
    people: list[Person]
    held: list[Held]
    counts: list[Count]


def snapshot() -> Snapshot:
    """Return the newest snapshot; of all who ask at once one makes it, others get the last one."""
    found: Snapshot | None = cache.get(_KEY)
    # Of one that is from tomorrow, by a clock that was wrong, nothing is fresh either.
    if found is not None and abs(timezone.now() - found.as_of) < FRESH:
        return found
    if not cache.add(_LOCK, 1, timeout=_MAKING_SECONDS) and found is not None:
        return found
    try:
        made = read(now=timezone.now())
        cache.set(_KEY, made, timeout=_KEPT_SECONDS)
    finally:
        with contextlib.suppress(Exception):
            cache.delete(_LOCK)
    return made


def forget() -> None:
    """Have the next who asks read everything anew."""
    cache.delete_many([_KEY, _LOCK])


def read(*, now: datetime) -> Snapshot:
    """Return what all wallboards together show at `now`, for every brand at once; "today" is the
    day of the house's time zone. Demo brands count only where there are no others.
    """
    places = _Places()
    real = Q() if not Brand.objects.filter(is_demo=False).exists() else Q(brand__is_demo=False)
    queued = Conversation.objects.in_line(now).filter(real, kind=Conversation.Kind.CUSTOMER)
    held = Conversation.objects.unresolved().filter(
        real, kind=Conversation.Kind.CUSTOMER, assignee__isnull=False
    )
    midnight = datetime.combine(now.astimezone(_zone()).date(), time.min, _zone())
    counts = [
        count
        for moment, keys in _TODAY.items()
        for count in _counted(places, moment, keys, midnight, midnight + timedelta(days=1))
    ]
    before = _counted(places, "queued_at", ("abandoned",), midnight - timedelta(days=1), midnight)
    counts += [
        Count(place=each.place, what="abandoned_before", number=each.number) for each in before
    ]
    return Snapshot(
        as_of=now,
        waiting=[
            Waiting(
                place=places.of(brand, channel, topic, team),
                topic=places.topics.get(topic, {}),
                since=since or now,
            )
            for brand, channel, topic, team, since in queued.values_list(
                "brand", "channel", "topic", "team", "queued_at"
            )
        ],
        people=_people(now, is_demo_too=not real),
        held=[
            Held(
                place=places.of(brand, channel, topic, team),
                agent=agent,
                holds_slot=slot,
                unanswered_since=unanswered if status == Conversation.Status.ACTIVE else None,
            )
            for brand, channel, topic, team, agent, slot, unanswered, status in held.values_list(
                "brand",
                "channel",
                "topic",
                "team",
                "assignee",
                "holds_slot",
                "unanswered_since",
                "status",
            )
        ],
        counts=counts + _sessions(places, midnight),
    )


def _zone() -> ZoneInfo:
    """Return the zone whose day a wallboard shows: the installation's, the same for all."""
    return ZoneInfo(settings.TIME_ZONE)


class _Places:
    """Whose chats are, with all teams read at once."""

    def __init__(self) -> None:
        self._default = dict(Brand.objects.values_list("pk", "default_team"))
        self.topics: dict[int | None, Mapping[str, str]] = {}
        self._teams: dict[int | None, set[int]] = defaultdict(set)
        for pk, name_tr, name_en, team in Topic.objects.values_list(
            "pk", "name_tr", "name_en", "teams"
        ):
            self.topics[pk] = {"tr": name_tr, "en": name_en}
            if team is not None:
                self._teams[pk].add(team)

    def of(self, brand: int, channel: str, topic: int | None, team: int | None) -> Place:
        teams = teams_in_charge(team, self._teams.get(topic, ()), self._default.get(brand))
        return Place(brand=brand, channel=channel, teams=teams)


def _people(now: datetime, *, is_demo_too: bool) -> list[Person]:
    agents = Agent.objects.filter(is_active=True).exclude(status=Status.OFFLINE)
    if not is_demo_too:
        agents = agents.filter(is_demo=False)
    agents = with_presence(agents, now).select_related("break_reason")
    found = list(agents.order_by("sort_name", "pk"))
    accesses = accesses_of(found)
    intervals = StatusInterval.objects.filter(agent__in=found, ended_at=None)
    limits = dict(intervals.values_list("agent", "capacity"))
    return [
        Person(
            pk=agent.pk,
            public_id=agent.public_id,
            name=agent.name,
            status=agent.status,
            is_here=bool(agent.here),
            reason={language: agent.break_reason.label(language) for language in ("tr", "en")}
            if agent.break_reason
            else {},
            since=agent.status_since,
            capacity=limits.get(agent.pk, 0),
            access=accesses[agent.pk],
        )
        for agent in found
    ]


def _counted(
    places: _Places, moment: str, keys: Iterable[str], since: datetime, until: datetime
) -> list[Count]:
    parts: dict[str, Any] = {}
    for key in keys:
        figure = FIGURES[key]
        parts[key] = figure.of(figure.where)
        if figure.over is not None:
            parts[f"{key}_of"] = figure.over(figure.where)
    facts = ChatFact.objects.counted().filter(**{f"{moment}__gte": since, f"{moment}__lt": until})
    rows = (
        facts.order_by()
        .annotate(hour=ExtractHour(moment, tzinfo=_zone()))
        .values("brand", "channel", "topic", "team", "hour")
        .annotate(**parts)
    )
    return [
        Count(
            place=places.of(row["brand"], row["channel"], row["topic"], row["team"]),
            what=what,
            number=row[what],
            hour=row["hour"],
        )
        for row in rows
        for what in parts
        if row[what]
    ]


def _sessions(places: _Places, since: datetime) -> list[Count]:
    figure = FIGURES["sessions"]
    stays = ChatFact.objects.counted().filter(ended_at__gte=since)
    rows = (
        StintFact.objects.filter(stay__in=stays.values("pk"))
        .order_by()
        .values("agent", "stay__brand", "stay__channel", "stay__topic", "stay__team")
        .annotate(number=figure.of(figure.where))
    )
    return [
        Count(
            place=places.of(
                row["stay__brand"], row["stay__channel"], row["stay__topic"], row["stay__team"]
            ),
            what="sessions",
            number=row["number"],
            agent=row["agent"] or 0,
        )
        for row in rows
    ]
