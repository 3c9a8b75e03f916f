"""Who is here: leases on live console sockets, and on HTTP heartbeats; and who is reached by phone.

A process that holds sockets of an agent keeps one row alive for that agent and renews all its rows
by one UPDATE. Nothing here marks anyone as gone: the sweeper asks `vanished_agents`.

Who has put the phone into the pocket has no socket. As long as a device of theirs confirms what it
is told, they are here *by phone*: chats ring there, and are never accepted for them.
"""

import logging
import secrets
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypedDict

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Case, Exists, Max, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from agents.events import AgentReturned
from agents.models import Agent, Device, Presence, Status
from config.events import publish

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _Here(TypedDict):
        here: int


# An agent as `with_presence` returns one: `here` is a `Here`.
type AgentHere = WithAnnotations[Agent, _Here]

logger = logging.getLogger(__name__)

RENEW_SECONDS = 20
HEARTBEAT_SECONDS = 45
# The lease that the HTTP heartbeat renews, whichever process hears it.
_HTTP = "http"
# A sweeper that was silent for longer than this knows nothing about the time in between.
_WATCH_GAP = timedelta(seconds=30)
_WATCH_KEY = "agents.presence.watch"
_FORGET = timedelta(days=1)


class Here(IntEnum):
    """How an agent is here, the nearest last."""

    NOT = 0
    BY_PHONE = 1
    BY_LEASE = 2


class Leases:
    """The sockets of this process, and the thread that keeps their leases alive."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(16)
        self._sockets: Counter[int] = Counter()
        self._lock = threading.Lock()
        # Ends the renewing thread of now; None while no socket is here and no thread runs.
        self._stop: threading.Event | None = None

    def attach(self, agent_id: int) -> None:
        """Count one more socket; the lease row is written before this returns."""
        with self._lock:
            self._sockets[agent_id] += 1
            if self._stop is None:
                self._stop = threading.Event()
                threading.Thread(
                    target=self._run, args=(self._stop,), name="presence", daemon=True
                ).start()
        _lease(agent_id, self.process, timezone.now())

    def detach(self, agent_id: int) -> None:
        """Count one socket less; the lease keeps the time of the last one."""
        with self._lock:
            self._sockets[agent_id] -= 1
            if self._sockets[agent_id] > 0:
                return
            self._sockets.pop(agent_id, None)
            if not self._sockets:
                self._end()
        _lease(agent_id, self.process, timezone.now())

    def renew(self, now: datetime) -> None:
        """Renew the leases of all agents with a socket here, and make those that are missing."""
        with self._lock:
            held = list(self._sockets)
        if held:
            rows = Presence.objects.filter(process=self.process, agent__in=held)
            if rows.update(seen_at=now) < len(held):
                for agent_id in held:
                    _lease(agent_id, self.process, now)

    def close(self) -> None:
        """Hold nobody any more: the sockets of this process have ended with it."""
        with self._lock:
            self._sockets.clear()
            self._end()

    def _end(self) -> None:
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def held(self) -> dict[int, int]:
        """Return how many sockets of which agents this process holds."""
        with self._lock:
            return dict(self._sockets)

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(RENEW_SECONDS):
            try:
                self.renew(timezone.now())
            except Exception:
                logger.warning("leases not renewed", exc_info=True)
            finally:
                connection.close()


def _lease(agent_id: int, process: str, now: datetime) -> None:
    with transaction.atomic():
        known = Agent.objects.filter(pk=agent_id, is_active=True).annotate(
            last_seen=Max("presences__seen_at")
        )
        found = known.values_list("status", "last_seen").first()
        if found is None:
            return
        status, last_seen = found
        Presence.objects.update_or_create(
            agent_id=agent_id, process=process, defaults={"seen_at": now}
        )
        if status == Status.ONLINE and (last_seen is None or last_seen < _alive_since(now)):
            publish(AgentReturned(agent_id=agent_id))


leases = Leases()
attach = leases.attach
detach = leases.detach


def heartbeat(*, agent: Agent, now: datetime) -> None:
    """Lease the presence of an agent who works over HTTP, without a socket."""
    _lease(agent.pk, _HTTP, now)


def _here_by(now: datetime) -> tuple[Exists, Exists]:
    """Return the conditions that an agent is here by a lease, and by phone."""
    lease = Presence.objects.filter(agent=OuterRef("pk"), seen_at__gte=_alive_since(now))
    phone = Device.objects.reachable(now).filter(agent=OuterRef("pk"))
    return Exists(lease), Exists(phone)


def with_presence(agents: QuerySet[Agent], now: datetime) -> "QuerySet[AgentHere]":
    """Return `agents`, in the order in which they are locked, with how they are `here`."""
    lease, phone = _here_by(now)
    here = Case(
        When(lease, then=Value(Here.BY_LEASE)),
        When(phone, then=Value(Here.BY_PHONE)),
        default=Value(Here.NOT),
    )
    return agents.annotate(here=here).order_by("pk")


def online_agents(now: datetime) -> "QuerySet[AgentHere]":
    """Return the Online agents, in the order in which they are locked, with how they are `here`."""
    return with_presence(Agent.objects.filter(status=Status.ONLINE, is_active=True), now)


def present_agents(now: datetime) -> QuerySet[Agent]:
    """Return the agents who are Online and here: those who can be given work, or be alerted."""
    lease, phone = _here_by(now)
    return Agent.objects.filter(lease | phone, status=Status.ONLINE, is_active=True).order_by("pk")


def is_present(agent_id: int, now: datetime) -> bool:
    """Return whether the agent has a live lease, or is reached by phone."""
    leases = Presence.objects.filter(agent=agent_id, seen_at__gte=_alive_since(now))
    phones = Device.objects.reachable(now).filter(agent=agent_id, agent__status=Status.ONLINE)
    return leases.exists() or phones.exists()


def vanished_agents(now: datetime, among: Iterable[int]) -> list[int]:
    """Return those of `among` without any lease for 60 s; nobody while leases are unknown.

    Counts from the later of the last lease and the moment since which sweeps have run without a
    gap: after a restart, or while database or cache were away, nobody could renew.
    """
    watched_since = _watch(now)
    limit = _alive_since(now)
    wanted = set(among)
    if watched_since is None or watched_since > limit or not wanted:
        return []
    last: dict[Any, datetime] = dict(
        Presence.objects.filter(agent__in=wanted).values_list("agent_id").annotate(Max("seen_at"))
    )
    gone = {pk for pk in wanted if pk not in last or last[pk] <= limit}
    by_phone = Device.objects.reachable(now).filter(agent__in=gone, agent__status=Status.ONLINE)
    return sorted(gone - set(by_phone.values_list("agent_id", flat=True)) if gone else ())


def _alive_since(now: datetime) -> datetime:
    return now - timedelta(seconds=settings.IMECE["VANISH_SECONDS"])


def forget_old_leases(now: datetime) -> None:
    """Delete leases of processes that are long gone.

    Also those from later than now, or an agent who left while a clock was ahead would stay: a
    process that is there renews its own by the clock of now, and misses none that is gone.
    """
    ahead = Q(seen_at__gt=now + timedelta(seconds=settings.IMECE["VANISH_SECONDS"]))
    Presence.objects.filter(ahead | Q(seen_at__lt=now - _FORGET)).delete()


def _watch(now: datetime) -> datetime | None:
    """Note that the sweeper looked, and return since when it has looked without a gap."""
    try:
        since, seen = cache.get(_WATCH_KEY) or (now, now)
        if abs(now - seen) > _WATCH_GAP:
            since = now
        cache.set(_WATCH_KEY, (since, now), timeout=600)
    except Exception:
        logger.warning("presence unknown: no cache", exc_info=True)
        return None
    return since
