"""Effects leave through the outbox: after the commit, again after a failure, never silently."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.outbox import claims, operations
from config.outbox.models import OutboxEntry
from tests.config.outbox.work import Kinds, enqueue, expire_leases, make_due

pytestmark = pytest.mark.django_db


def test_an_effect_runs_once_and_is_done(done: list[Any]) -> None:
    entry = enqueue(1)
    assert operations.drain() == 1
    assert operations.drain() == 0
    entry.refresh_from_db()
    assert done == [1]
    assert entry.done_at is not None
    assert entry.attempts == 1
    assert entry.lease_until is None


def test_effects_run_in_the_order_in_which_they_became_due(done: list[Any]) -> None:
    for n in range(5):
        enqueue(n)
    operations.drain()
    assert done == [0, 1, 2, 3, 4]


def test_a_key_that_is_already_there_is_quietly_ignored(done: list[Any]) -> None:
    enqueue(1)
    operations.enqueue(kind="note", key="note:1", payload={"n": "again"})
    operations.drain()
    # Also after it was done.
    operations.enqueue(kind="note", key="note:1", payload={"n": "again"})
    operations.drain()
    assert done == [1]


def test_enqueueing_costs_one_statement(done: list[Any]) -> None:
    with CaptureQueriesContext(connection) as captured:
        operations.enqueue(kind="note", key="k", payload={"n": 1})
    assert [query["sql"].split()[0] for query in captured] == ["INSERT"]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_leaves_no_effect(done: list[Any]) -> None:
    with transaction.atomic():
        enqueue(1)
        transaction.set_rollback(True)
    operations.drain()
    assert done == []


def test_an_effect_for_later_waits(done: list[Any]) -> None:
    entry = enqueue(1, available_at=timezone.now() + timedelta(hours=1))
    assert operations.drain() == 0
    OutboxEntry.objects.filter(pk=entry.pk).update(available_at=timezone.now())
    assert operations.drain() == 1


def test_a_batch_is_claimed_and_finished_with_two_statements(done: list[Any]) -> None:
    for n in range(claims.BATCH - 1):
        enqueue(n)
    with CaptureQueriesContext(connection) as captured:
        operations.drain()
    assert len(done) == claims.BATCH - 1
    assert [query["sql"].split()[0] for query in captured] == ["UPDATE", "UPDATE"]


def test_more_than_a_batch_is_drained_in_one_call(done: list[Any]) -> None:
    now = timezone.now()
    OutboxEntry.objects.bulk_create(
        OutboxEntry(kind="note", key=f"n{n}", payload={"n": n}, available_at=now)
        for n in range(claims.BATCH * 2 + 7)
    )
    assert operations.drain() == claims.BATCH * 2 + 7
    assert len(done) == claims.BATCH * 2 + 7


def test_the_attempt_is_counted_before_the_effect_runs(kinds: Kinds) -> None:
    seen = []
    operations.register(
        "look", lambda payload: seen.append(OutboxEntry.objects.get(key="look:1").attempts)
    )
    enqueue(1, kind="look")
    operations.drain()
    assert seen == [1]


@pytest.mark.django_db(transaction=True)
def test_effects_run_outside_any_transaction(kinds: Kinds) -> None:
    seen = []
    operations.register("look", lambda payload: seen.append(connection.in_atomic_block))
    enqueue(1, kind="look")
    operations.drain()
    assert seen == [False]


def test_a_failure_is_tried_again_after_a_growing_pause(done: list[Any]) -> None:
    entry = enqueue(1, kind="fail")
    pauses = []
    for attempt in range(1, 8):
        before = timezone.now()
        operations.drain()
        entry.refresh_from_db()
        assert entry.attempts == attempt
        assert entry.lease_until is None
        pauses.append((entry.available_at - before).total_seconds())
        assert operations.drain() == 0, "not before the pause is over"
        make_due()
    assert 2.5 <= pauses[0] <= 6
    for shorter, longer in itertools.pairwise(pauses[:6]):
        assert longer > shorter
    assert max(pauses) <= 3601


def test_pauses_are_jittered(done: list[Any]) -> None:
    for n in range(20):
        enqueue(n, kind="fail")
    operations.drain()
    dues = set(OutboxEntry.objects.values_list("available_at", flat=True))
    spread = max(dues) - min(dues)
    assert spread > timedelta(seconds=0.5)


def test_eight_failures_are_the_end_and_do_not_hold_up_others(done: list[Any]) -> None:
    poison = enqueue(0, kind="fail")
    for n in range(1, 9):
        enqueue(n)
        make_due()
        operations.drain()
    poison.refresh_from_db()
    assert done == list(range(1, 9))
    assert poison.dead_at is not None
    assert poison.attempts == 8
    make_due()
    assert operations.drain() == 0


def test_the_last_error_is_kept_without_addresses(done: list[Any]) -> None:
    entry = enqueue(7, kind="fail")
    operations.drain()
    entry.refresh_from_db()
    assert entry.last_error == "Boom: no route to *** for 7"


def test_who_waits_in_line_says_when_to_ask_again_and_spends_no_attempt_for_a_day(
    kinds: Kinds,
) -> None:
    def busy(payload: dict[str, Any]) -> None:
        raise operations.RetryAfter(300)

    operations.register("busy", busy)
    entry = enqueue(1, kind="busy")
    for _ in range(9):
        before = timezone.now()
        operations.drain()
        entry.refresh_from_db()
        assert timedelta(seconds=299) < entry.available_at - before < timedelta(seconds=310)
        make_due()
    assert (entry.attempts, entry.dead_at) == (0, None)
    # It doesn't wait for ever.
    OutboxEntry.objects.update(created_at=timezone.now() - claims.WAITS_FOR)
    for _ in range(8):
        assert operations.drain() == 1
        make_due()
    entry.refresh_from_db()
    assert entry.dead_at is not None


def test_a_kind_that_nobody_registered_fails_visibly(kinds: Kinds) -> None:
    entry = enqueue(1, kind="nobody")
    operations.drain()
    entry.refresh_from_db()
    assert entry.last_error == "NoHandler: nobody"
    assert entry.done_at is None


def test_a_row_of_a_vanished_worker_is_taken_up_when_its_lease_ends(done: list[Any]) -> None:
    entry = enqueue(1)
    assert [claim.pk for claim in operations.claim(now=timezone.now())] == [entry.pk]
    assert operations.claim(now=timezone.now()) == []
    later = timezone.now() + claims.LEASE + timedelta(seconds=1)
    (claim,) = operations.claim(now=later)
    assert claim.attempts == 2


def test_a_row_that_kills_every_worker_ends_dead_without_running_a_ninth_time(
    done: list[Any],
) -> None:
    entry = enqueue(1)
    for _ in range(8):
        assert operations.claim(now=timezone.now())
        expire_leases()
    operations.drain()
    entry.refresh_from_db()
    assert done == []
    assert entry.dead_at is not None
    assert "vanished" in entry.last_error
