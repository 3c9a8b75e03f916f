"""Take due rows, and record what became of them."""

import json
import random
import secrets
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q

from config.outbox.models import OutboxEntry, OutboxQuerySet
from config.outbox.registry import (
    DEFAULT_QUEUE,
    LEASE,
    in_turn_of,
    kinds_ahead,
    kinds_at_most_once,
    kinds_elsewhere,
    kinds_of,
    lease_of,
)
from config.settings.logs import masked

BATCH = 32
MAX_ATTEMPTS = 8
UNKNOWN = "unknown"
# 5 s, 15 s, 45 s … 1 h: eight attempts span about an hour and a half.
FIRST_DELAY = 5.0
LONGEST_DELAY = 3600.0


# Whoever waits in line for longer than this fails like others.
WAITS_FOR = timedelta(days=1)


class RetryAfter(Exception):
    """Raised by a handler that waits in line and knows when to ask again: that is no failure."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds:.0f} s")
        self.seconds = seconds


class Unknown(Exception):
    """Raised by a handler whose effect may have happened and must not happen twice."""


class Apart(Exception):
    """Raised by a handler of many that failed with them together: each is to be done alone."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One row that this worker may work on for `lease`, and longer if it renews that."""

    pk: int
    kind: str
    payload: dict[str, Any] = field(hash=False)
    attempts: int
    holder: int
    lease: timedelta
    # By the monotonic clock, in seconds. Whatever caused the effect was committed before.
    taken_at: float


def claim(
    limit: int = BATCH,
    *,
    now: datetime,
    queue: str = DEFAULT_QUEUE,
    only_ahead: bool = False,
    busy: Collection[str] = (),
) -> list[Claim]:
    """Take up to `limit` due rows; their attempts are counted and committed when this returns.

    `only_ahead`: of those that are done before all others.
    `busy`: what is at work of a queue whose effects take turns; what must follow it is left alone.
    """
    here, ahead = kinds_of(queue), kinds_ahead(queue)
    if only_ahead:
        here = ahead
    if not here and (only_ahead or queue != DEFAULT_QUEUE):
        return []
    if unrepeatable := kinds_at_most_once(queue):
        # Their worker took them and never came back: nobody knows whether it happened.
        OutboxEntry.objects.live().filter(kind__in=unrepeatable, lease_until__lt=now).update(
            dead_at=now, lease_until=None, holder=None, last_error=UNKNOWN
        )
    # Also what nobody registered is done on the default queue: it fails visibly.
    takes_unknown = queue == DEFAULT_QUEUE and not only_ahead
    kinds, verb = (kinds_elsewhere(), "NOT IN") if takes_unknown else (here, "IN")
    of_queue = f"AND kind {verb} ({', '.join(['%s'] * len(kinds))})" if kinds else ""
    free = (
        f"AND COALESCE(payload ->> '{in_turn_of(queue)}', '') NOT IN"
        f" ({', '.join(['%s'] * len(busy))})"
        if busy
        else ""
    )
    first = (
        f"CASE WHEN kind IN ({', '.join(['%s'] * len(ahead))}) THEN 0 ELSE 1 END," if ahead else ""
    )
    lease_until, ends = _lease_ends(here, now)
    table = OutboxEntry._meta.db_table
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    moment = connection.ops.adapt_datetimefield_value(now)
    taken_at, holder = time.monotonic(), secrets.randbits(63)
    with connection.cursor() as cursor:
        cursor.execute(
            # MATERIALIZED, or a plan may run the inner query, and take its locks, several times.
            f"""
            UPDATE {table} SET attempts = attempts + 1, holder = %s, lease_until = {lease_until}
             WHERE id IN (
               WITH due AS MATERIALIZED (
                 SELECT id FROM {table}
                  WHERE done_at IS NULL AND dead_at IS NULL AND available_at <= %s
                    AND (lease_until IS NULL OR lease_until < %s) {of_queue} {free}
                  ORDER BY {first} available_at, id LIMIT %s {lock})
               SELECT id FROM due)
            RETURNING id, kind, payload, attempts
            """,  # noqa: S608 - only names of ours are put in
            [holder, *ends, moment, moment, *kinds, *busy, *ahead, limit],
        )
        rows = cursor.fetchall()
    return [
        Claim(pk, kind, json.loads(payload), attempts, holder, lease_of(kind), taken_at)
        for pk, kind, payload, attempts in sorted(
            rows, key=lambda row: (row[1] not in ahead, row[0])
        )
    ]


def claim_one(key: str, *, now: datetime) -> Claim | None:
    """Take the live row of this key; None when it is done, or somebody has it."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    rows = OutboxEntry.objects.live().filter(free, key=key, available_at__lte=now)
    row = rows.first()
    if row is None:
        return None
    taken_at, holder, lease = time.monotonic(), secrets.randbits(63), lease_of(row.kind)
    taken = rows.filter(attempts=row.attempts).update(
        attempts=F("attempts") + 1, holder=holder, lease_until=now + lease
    )
    if not taken:
        return None
    return Claim(row.pk, row.kind, row.payload, row.attempts + 1, holder, lease, taken_at)


def _lease_ends(kinds: Collection[str], now: datetime) -> tuple[str, list[Any]]:
    """Return the SQL of when a claimed row's lease ends, by its kind, and its parameters."""
    adapted = connection.ops.adapt_datetimefield_value
    special = [kind for kind in kinds if lease_of(kind) != LEASE]
    if not special:
        return "%s", [adapted(now + LEASE)]
    cases = " ".join(["WHEN %s THEN %s"] * len(special))
    ends = [value for kind in special for value in (kind, adapted(now + lease_of(kind)))]
    return f"CASE kind {cases} ELSE %s END", [*ends, adapted(now + LEASE)]


def renew(claims: Collection[Claim], *, now: datetime) -> None:
    """Begin these leases anew; what is done by now, or was lost, stays as it is."""
    by_lease: defaultdict[timedelta, list[Claim]] = defaultdict(list)
    for claimed in claims:
        by_lease[claimed.lease].append(claimed)
    for lease, same in by_lease.items():
        for rows in _still_ours(same):
            rows.update(lease_until=now + lease)


def finish(claims: Collection[Claim], *, now: datetime) -> None:
    """Record that these effects have happened; a lost lease changes nothing."""
    for rows in _still_ours(claims):
        rows.update(done_at=now, lease_until=None, holder=None, last_error="")


def fail(claimed: Claim, error: Exception, *, now: datetime) -> datetime | None:
    """Record a failure. Return the time of the next try, after a growing and jittered pause, or
    None if this was the last one. Who only waits in line spends no attempt, for a day.
    """
    # An admin reads it; an address or a credential in an exception's text is not for that screen.
    text = masked(f"{type(error).__name__}: {error}")[:2000]
    if isinstance(error, Unknown):
        text = UNKNOWN
    if isinstance(error, RetryAfter):
        pause = min(error.seconds, LONGEST_DELAY)
    else:
        pause = min(FIRST_DELAY * 3 ** (claimed.attempts - 1), LONGEST_DELAY)
        pause *= random.uniform(0.5, 1)  # noqa: S311 - spreads retries, guards nothing
    again_at = now + timedelta(seconds=pause)
    if isinstance(error, RetryAfter):
        is_young = Q(created_at__gt=now - WAITS_FOR)
        uncounted = {"attempts": F("attempts") - 1, "last_error": text}
        if _change(claimed, is_young, available_at=again_at, **uncounted):
            return again_at
    if claimed.attempts >= MAX_ATTEMPTS or isinstance(error, Unknown):
        _change(claimed, dead_at=now, last_error=text)
        return None
    _change(claimed, available_at=again_at, last_error=text)
    return again_at


def _change(claimed: Claim, *only: Q, **values: Any) -> int:
    """Write down what became of a row and let go of it; return whether that was ours to do."""
    return sum(
        rows.filter(*only).update(lease_until=None, holder=None, **values)
        for rows in _still_ours([claimed])
    )


def give_back(claims: Collection[Claim]) -> None:
    """Return rows that were taken but not begun; their attempt does not count."""
    for rows in _still_ours(claims):
        rows.update(attempts=F("attempts") - 1, lease_until=None, holder=None)


def _still_ours(claims: Collection[Claim]) -> Iterator[OutboxQuerySet]:
    """Yield the rows that these claims still hold, those of one call of `claim` together."""
    by_holder: defaultdict[int, list[int]] = defaultdict(list)
    for claimed in claims:
        by_holder[claimed.holder].append(claimed.pk)
    for holder, pks in by_holder.items():
        yield OutboxEntry.objects.live().filter(pk__in=pks, holder=holder)
