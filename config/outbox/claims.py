"""Take due rows, and record what became of them."""

import json
import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from config.logs import masked
from config.outbox.models import OutboxEntry
from config.outbox.registry import (
    DEFAULT_QUEUE,
    kinds_at_most_once,
    kinds_elsewhere,
    queue_of,
)

BATCH = 100
LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 8
UNKNOWN = "unknown"
# 5 s, 15 s, 45 s … 1 h: eight attempts span about an hour and a half.
FIRST_DELAY = 5.0
LONGEST_DELAY = 3600.0


class RetryAfter(Exception):
    """Raised by a handler whose provider named the time of the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds:.0f} s")
        self.seconds = seconds


class Unknown(Exception):
    """Raised by a handler whose effect may have happened and must not happen twice."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One row that this worker may work on until `lease_until`."""

    pk: int
    kind: str
    payload: dict[str, Any]
    attempts: int
    lease_until: datetime


def claim(limit: int = BATCH, *, now: datetime, queue: str = DEFAULT_QUEUE) -> list[Claim]:
    """Take up to `limit` due rows; their attempts are counted and committed when this returns."""
    kinds = kinds_elsewhere()
    verb = "NOT IN"
    if queue != DEFAULT_QUEUE:
        kinds, verb = [kind for kind in kinds if queue_of(kind) == queue], "IN"
        if not kinds:
            return []
    if unrepeatable := kinds_at_most_once():
        # Their worker took them and never came back: nobody knows whether it happened.
        OutboxEntry.objects.live().filter(kind__in=unrepeatable, lease_until__lt=now).update(
            dead_at=now, lease_until=None, last_error=UNKNOWN
        )
    lease_until = now + LEASE
    table = OutboxEntry._meta.db_table
    of_queue = f"AND kind {verb} ({', '.join(['%s'] * len(kinds))})" if kinds else ""
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            # MATERIALIZED, or a plan may run the inner query, and take its locks, several times.
            f"""
            UPDATE {table} SET attempts = attempts + 1, lease_until = %s
             WHERE id IN (
               WITH due AS MATERIALIZED (
                 SELECT id FROM {table}
                  WHERE done_at IS NULL AND dead_at IS NULL AND available_at <= %s
                    AND (lease_until IS NULL OR lease_until < %s) {of_queue}
                  ORDER BY available_at, id LIMIT %s {lock})
               SELECT id FROM due)
            RETURNING id, kind, payload, attempts
            """,  # noqa: S608 - only names of ours are put in
            [
                connection.ops.adapt_datetimefield_value(lease_until),
                moment,
                moment,
                *kinds,
                limit,
            ],
        )
        rows = cursor.fetchall()
    return [
        Claim(pk, kind, json.loads(payload), attempts, lease_until)
        for pk, kind, payload, attempts in sorted(rows)
    ]


def finish(claims: Collection[Claim], *, now: datetime) -> None:
    """Record that these effects have happened, in one statement; a lost lease changes nothing."""
    if claims:
        _still_ours(claims).update(done_at=now, lease_until=None, last_error="")


def fail(claimed: Claim, error: Exception, *, now: datetime) -> bool:
    """Record a failure: another try after a growing, jittered pause, or the end. True: dead."""
    # An admin reads it; an address or a credential in an exception's text is not for that screen.
    text = masked(f"{type(error).__name__}: {error}")[:2000]
    if isinstance(error, Unknown):
        text = UNKNOWN
    if claimed.attempts >= MAX_ATTEMPTS or isinstance(error, Unknown):
        _still_ours([claimed]).update(dead_at=now, lease_until=None, last_error=text)
        return True
    if isinstance(error, RetryAfter):
        pause = min(error.seconds, LONGEST_DELAY)
    else:
        pause = min(FIRST_DELAY * 3 ** (claimed.attempts - 1), LONGEST_DELAY)
        pause *= random.uniform(0.5, 1)  # noqa: S311 - spreads retries, guards nothing
    _still_ours([claimed]).update(
        available_at=now + timedelta(seconds=pause), lease_until=None, last_error=text
    )
    return False


def give_back(claims: Collection[Claim]) -> None:
    """Return rows that were taken but not begun; their attempt does not count."""
    if claims:
        _still_ours(claims).update(attempts=F("attempts") - 1, lease_until=None)


def _still_ours(claims: Collection[Claim]) -> Any:
    # The rows of one batch share their lease.
    (lease_until,) = {claimed.lease_until for claimed in claims}
    return OutboxEntry.objects.live().filter(
        pk__in=[claimed.pk for claimed in claims], lease_until=lease_until
    )
