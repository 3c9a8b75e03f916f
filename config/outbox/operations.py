"""Write effects down with the change that causes them; workers do them after the commit.

`enqueue` inside a transaction, `register` a handler in `AppConfig.ready`; workers `drain`.
An effect runs at least once, so a handler must bear being called again. One that must not be
repeated blindly is registered with `at_most_once=True`: if its worker vanishes half-way, or its
handler raises `Unknown`, the row ends dead as "unknown" and a person decides. An effect may take
long: its lease is renewed as long as its handler runs. It must end by itself, though: whoever asks
somebody else's server says how long it waits.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.db.models import Count, Min, Q
from django.utils import timezone

from config.database.postgres import database, planned_cursor
from config.outbox.claims import (
    LONGEST_DELAY,
    Apart,
    RetryAfter,
    Unknown,
    claim,
    claim_one,
    fail,
    finish,
    give_back,
)
from config.outbox.draining import drain
from config.outbox.effects import Journal, OnceABatch
from config.outbox.models import OutboxEntry
from config.outbox.nudges import nudge
from config.outbox.registry import longest_lease, queue_of, register, register_together

__all__ = [
    "Apart",
    "Gauges",
    "OnceABatch",
    "RetryAfter",
    "Row",
    "Unknown",
    "bring_back",
    "claim",
    "do_now",
    "drain",
    "enqueue",
    "enqueue_all",
    "fail",
    "finish",
    "gauges",
    "give_back",
    "hasten",
    "nudge",
    "purge",
    "put_off",
    "queue_of",
    "register",
    "register_together",
    "replay",
    "store",
]

log = structlog.get_logger(__name__)

KEEP_DONE = timedelta(hours=24)
PURGE_BATCH = 1000
_TOGETHER = 200
# How far the clocks of our machines may be apart.
_AHEAD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Gauges:
    """How the outbox is doing."""

    backlog: int
    oldest_due_seconds: float
    dead: int


class Row(NamedTuple):
    """One effect as it is written down."""

    kind: str
    key: str
    payload: dict[str, Any]


def store(rows: Sequence[Row], *, available_at: datetime | None = None) -> None:
    """Write rows in the current transaction, in this order; a key that is there is left alone."""
    # By hand: every batch of messages passes here, and the ORM takes longer than the database.
    adapted = database().ops.adapt_datetimefield_value
    now = adapted(timezone.now())
    due = adapted(available_at) if available_at else now
    values = [
        value for kind, key, payload in rows for value in (kind, key, json.dumps(payload), now, due)
    ]
    with planned_cursor() if len(rows) < _PLANNED else database().cursor() as cursor:
        cursor.execute(_insert(len(rows)), values)


_COLUMNS = "kind, key, payload, created_at, available_at, attempts, last_error"
_INTO = f"INSERT INTO {OutboxEntry._meta.db_table} ({_COLUMNS}) VALUES"
_ROW = "(%s, %s, %s, %s, %s, 0, '')"
# What belongs together is told together; of more rows each number would be a plan of its own.
_PLANNED = 4


def _insert(rows: int) -> str:
    return f"{_INTO} {', '.join([_ROW] * rows)} ON CONFLICT (key) DO NOTHING"


def enqueue(
    *, kind: str, key: str, payload: dict[str, Any], available_at: datetime | None = None
) -> None:
    """Write one effect in the current transaction.

    A worker is woken once it has committed, or at `available_at`; should that be lost (the process
    ends, say), beat finds the row within `SWEEP_SECONDS`.

    A `key` that is already there is left alone, done or not. Done ones are kept for 24 hours
    (`KEEP_DONE`): what may happen again the same day needs a key of its own each time.
    """
    store([Row(kind, key, payload)], available_at=available_at)
    wake = partial(nudge, queue_of(kind), *([available_at] if available_at else []))
    transaction.on_commit(wake, robust=True)


def do_now(key: str) -> bool:
    """Do one effect at once, in this thread, unless a worker has taken it; return whether it was.

    Outside any transaction: the row must be committed. A failure is recorded like a worker's.
    """
    claimed = claim_one(key, now=timezone.now())
    if claimed is None:
        return False
    journal = Journal()
    try:
        journal.do([claimed])
        journal.write()
    finally:
        journal.close()
    return True


def enqueue_all(
    *,
    kind: str,
    effects: Iterable[tuple[str, dict[str, Any]]],
    available_at: datetime | None = None,
) -> None:
    """Write effects of a kind, each a key and its payload, in the current transaction.

    Otherwise like `enqueue`, in a statement for two hundred.
    """
    for some in batched(effects, _TOGETHER, strict=False):
        store([Row(kind, *effect) for effect in some], available_at=available_at)
        wake = partial(nudge, queue_of(kind), *([available_at] if available_at else []))
        transaction.on_commit(wake, robust=True)


@transaction.atomic
def replay(*, entries: Collection[int], by: int | None, now: datetime) -> int:
    """Give dead effects another eight attempts, wished `by` (an agent's pk); return how many."""
    rows = OutboxEntry.objects.dead().filter(pk__in=entries)
    wake = {queue_of(kind) for kind in rows.values_list("kind", flat=True)}
    count = rows.update(dead_at=None, attempts=0, lease_until=None, available_at=now)
    log.info("outbox.replayed", count=count, by=by)
    for queue in wake:
        transaction.on_commit(partial(nudge, queue), robust=True)
    return count


def put_off(*, kind: str, now: datetime) -> dict[str, dict[str, Any]]:
    """Return what waits for later of a kind: the payload of each key."""
    rows = OutboxEntry.objects.live().filter(kind=kind, available_at__gt=now)
    return dict(rows.values_list("key", "payload"))


@transaction.atomic
def hasten(*, kind: str, keys: Collection[str], now: datetime) -> int:
    """Have effects of a kind done now that wait for later; return how many."""
    rows = OutboxEntry.objects.live().filter(kind=kind, key__in=keys, available_at__gt=now)
    if count := rows.update(available_at=now):
        transaction.on_commit(partial(nudge, queue_of(kind)), robust=True)
    return count


def purge(*, now: datetime) -> int:
    """Delete effects that were done a day ago, a thousand at a time; dead ones stay."""
    old = OutboxEntry.objects.filter(done_at__lt=now - KEEP_DONE).order_by("done_at")
    purged = 0
    while batch := list(old.values_list("pk", flat=True)[:PURGE_BATCH]):
        purged += OutboxEntry.objects.filter(pk__in=batch).delete()[0]
    return purged


@transaction.atomic
def bring_back(*, now: datetime) -> int:
    """Make due what only a clock that was ahead has put off; return how many effects that were.

    No worker takes a lease for longer, no row is written later than now, and no retry waits longer
    than the longest pause.
    """
    late, live = now + _AHEAD, OutboxEntry.objects.live()
    live.filter(lease_until__gt=late + longest_lease()).update(lease_until=now + longest_lease())
    written = list(live.filter(created_at__gt=late).only("created_at", "available_at"))
    for entry in written:
        entry.available_at -= entry.created_at - now
        entry.created_at = now
    OutboxEntry.objects.bulk_update(written, ["created_at", "available_at"], batch_size=200)
    again = timedelta(seconds=LONGEST_DELAY)
    put_off = live.filter(available_at__gt=late + again).exclude(last_error="")
    retried = put_off.update(available_at=now)
    if count := len(written) + retried:
        log.warning("outbox.brought_back", count=count)
    return count


def gauges(*, now: datetime) -> Gauges:
    """Measure the outbox: due rows that nobody works on, how long the oldest is due, and how many
    were given up.
    """
    found = (
        OutboxEntry.objects.live()
        .filter(Q(lease_until=None) | Q(lease_until__lt=now), available_at__lte=now)
        .aggregate(backlog=Count("pk"), oldest=Min("available_at"))
    )
    oldest = found["oldest"]
    return Gauges(
        backlog=found["backlog"],
        oldest_due_seconds=(now - oldest).total_seconds() if oldest else 0.0,
        dead=OutboxEntry.objects.dead().count(),
    )
