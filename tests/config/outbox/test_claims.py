"""Who may work on what, and what becomes of work whose worker died."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.sites import AdminSite
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from config.outbox import claims, draining, operations, registry, tasks
from config.outbox.admin import OutboxEntryAdmin, StateFilter
from config.outbox.models import OutboxEntry
from tests.config.outbox.work import Boom, Kinds, enqueue, expire_leases, make_due

pytestmark = pytest.mark.django_db


def test_who_lost_the_lease_changes_nothing(done: list[Any]) -> None:
    entry = enqueue(1)
    slow = operations.claim(now=timezone.now())
    expire_leases()
    fast = operations.claim(now=timezone.now())
    operations.finish(fast, now=timezone.now())
    operations.fail(slow[0], Boom("late"), now=timezone.now())
    entry.refresh_from_db()
    assert entry.done_at is not None
    assert entry.last_error == ""


def test_a_renewal_lengthens_only_a_lease_that_is_still_held(done: list[Any]) -> None:
    entry = enqueue(1)
    slow = operations.claim(now=timezone.now())
    claims.renew(slow, now=timezone.now() + timedelta(hours=1))
    entry.refresh_from_db()
    assert entry.lease_until is not None
    assert entry.lease_until > timezone.now() + timedelta(hours=1)
    expire_leases()
    operations.claim(now=timezone.now())
    claims.renew(slow, now=timezone.now() + timedelta(hours=1))
    entry.refresh_from_db()
    assert entry.lease_until < timezone.now() + timedelta(minutes=3)


def test_each_kind_has_its_own_lease(kinds: Kinds) -> None:
    short = timedelta(seconds=7)
    operations.register("short", lambda payload: None, lease=short)
    operations.register("note", lambda payload: None)
    entries = [enqueue(1, kind="short"), enqueue(1), enqueue(1, kind="nobody")]
    now = timezone.now()
    operations.claim(now=now)
    for entry, lease in zip(entries, [short, claims.LEASE, claims.LEASE], strict=True):
        entry.refresh_from_db()
        assert entry.lease_until == now + lease


def test_what_goes_ahead_is_taken_before_what_was_due_earlier(kinds: Kinds) -> None:
    operations.register("note", lambda payload: None)
    operations.register("urgent", lambda payload: None, ahead=True)
    operations.register("elsewhere", lambda payload: None, queue="push", ahead=True)
    for number in range(3):
        enqueue(number)
    enqueue(7, kind="elsewhere")
    for number in (3, 4):
        enqueue(number, kind="urgent")
    taken = [[each.payload["n"] for each in operations.claim(3, now=timezone.now())]]
    taken.append([each.payload["n"] for each in operations.claim(3, now=timezone.now())])
    assert taken == [[3, 4, 0], [1, 2]]


def test_an_effect_that_must_not_repeat_ends_unknown_when_its_worker_vanishes(
    kinds: Kinds,
) -> None:
    sent = []
    operations.register("send", lambda payload: sent.append(1), at_most_once=True)
    entry = enqueue(1, kind="send")
    operations.claim(now=timezone.now())
    expire_leases()
    operations.drain()
    entry.refresh_from_db()
    assert sent == []
    assert entry.dead_at is not None
    assert entry.last_error == "unknown"


def test_what_was_not_begun_is_not_in_doubt_when_a_worker_vanishes(kinds: Kinds) -> None:
    sent: list[int] = []

    def send(payload: dict[str, Any]) -> None:
        if payload["n"] == 0:
            raise SystemExit
        sent.append(payload["n"])

    operations.register("send", send, queue="mail", at_most_once=True)
    for n in range(3):
        enqueue(n, kind="send")
    with pytest.raises(SystemExit):
        operations.drain("mail")
    expire_leases()
    operations.drain("mail")
    assert sent == [1, 2]
    assert OutboxEntry.objects.get(key="send:0").last_error == "unknown"


def test_an_effect_that_must_not_repeat_is_tried_again_when_it_surely_failed(
    kinds: Kinds,
) -> None:
    sent: list[int] = []

    def send(payload: dict[str, Any]) -> None:
        sent.append(1)
        if len(sent) == 1:
            raise ConnectionRefusedError

    operations.register("send", send, at_most_once=True)
    entry = enqueue(1, kind="send")
    operations.drain()
    make_due()
    operations.drain()
    entry.refresh_from_db()
    assert len(sent) == 2
    assert entry.done_at is not None


def test_a_slow_batch_gives_the_rest_back_uncounted(
    kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[int] = []

    def note(payload: dict[str, Any]) -> None:
        # From here on the batch is too old.
        monkeypatch.setattr(draining, "BATCH_SECONDS", -1)

    def give_back(taken: list[claims.Claim]) -> None:
        claims.give_back(taken)
        given_back.extend(
            OutboxEntry.objects.filter(lease_until=None, holder=None, attempts=0, done_at=None)
            .order_by("pk")
            .values_list("payload__n", flat=True)
        )
        monkeypatch.setattr(draining, "BATCH_SECONDS", 20)

    monkeypatch.setattr(draining, "give_back", give_back)
    operations.register("note", note)
    for n in range(2):
        enqueue(n)
    assert operations.drain() == 2
    assert given_back == [1]
    assert list(OutboxEntry.objects.values_list("attempts", flat=True)) == [1, 1]


def test_slow_kinds_have_a_queue_of_their_own(kinds: Kinds) -> None:
    seen: list[str] = []
    operations.register("note", lambda payload: seen.append("note"))
    operations.register("mail", lambda payload: seen.append("mail"), queue="mail")
    enqueue(1, kind="mail")
    enqueue(2)
    operations.drain()
    assert seen == ["note"]
    operations.drain("mail")
    assert seen == ["note", "mail"]


def test_a_queue_that_no_worker_serves_is_refused(kinds: Kinds) -> None:
    with pytest.raises(registry.UnknownQueue):
        operations.register("note", lambda payload: None, queue="mial")


def test_beat_asks_every_queue_for_what_is_due_on_its_own_workers() -> None:
    drains = [
        (entry["kwargs"]["queue"], entry["options"]["queue"])
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if entry["task"] == "outbox.drain"
    ]
    assert drains == [(queue, queue) for queue in settings.QUEUES]


def test_the_task_drains_the_queue_it_is_asked_for(kinds: Kinds) -> None:
    seen: list[str] = []
    operations.register("mail", lambda payload: seen.append("mail"), queue="mail")
    enqueue(1, kind="mail")
    tasks.drain()
    assert seen == []
    tasks.drain(queue="mail")
    assert seen == ["mail"]


def test_replay_gives_the_dead_another_eight_attempts(done: list[Any]) -> None:
    entry = enqueue(1, kind="fail")
    for _ in range(8):
        make_due()
        operations.drain()
    operations.register("fail", lambda payload: done.append("at last"))
    alive = enqueue(2)
    now = timezone.now()
    assert operations.replay(entries=[entry.pk, alive.pk], by=1, now=now) == 1
    operations.drain()
    entry.refresh_from_db()
    assert "at last" in done
    assert entry.done_at is not None
    assert entry.dead_at is None


def test_done_rows_are_purged_after_a_day_and_dead_ones_stay(
    done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "PURGE_BATCH", 2)
    now = timezone.now()
    old, fresh = now - timedelta(hours=25), now - timedelta(hours=23)

    def row(name: str, **times: datetime) -> OutboxEntry:
        return OutboxEntry(kind="note", key=name, payload={}, **times)

    OutboxEntry.objects.bulk_create(
        [
            *(row(f"old{n}", done_at=old) for n in range(5)),
            row("fresh", done_at=fresh),
            row("dead", dead_at=old),
            row("live", available_at=old),
        ]
    )
    assert operations.purge(now=now) == 5
    assert set(OutboxEntry.objects.values_list("key", flat=True)) == {"fresh", "dead", "live"}


def test_what_a_clock_that_was_ahead_put_off_is_done_today(done: list[Any]) -> None:
    now = timezone.now()
    tomorrow, soon = now + timedelta(days=1), now + timedelta(hours=3)

    def row(n: int, **values: Any) -> OutboxEntry:
        return OutboxEntry(kind="note", key=f"note:{n}", payload={"n": n}, **values)

    OutboxEntry.objects.bulk_create(
        [
            row(1, created_at=tomorrow, available_at=tomorrow),
            row(2, created_at=tomorrow, available_at=tomorrow + timedelta(hours=3)),
            # Tried and put off while it was ahead, or taken by a worker that is gone.
            row(3, available_at=tomorrow, attempts=1, last_error="Boom"),
            row(4, available_at=now, attempts=1, lease_until=tomorrow, holder=1),
            # Meant for later.
            row(5, available_at=soon),
            # Waited in line.
            row(6, available_at=tomorrow, last_error="RetryAfter"),
        ]
    )
    tasks.purge()
    operations.drain()
    assert done == [1, 3, 6]
    later = OutboxEntry.objects.live().filter(key__in=("note:2", "note:5"))
    assert all(abs(entry.available_at - soon) < timedelta(minutes=1) for entry in later)
    expire_leases()
    operations.drain()
    assert done == [1, 3, 6, 4]
    assert operations.bring_back(now=timezone.now()) == 0


def test_gauges_tell_backlog_age_and_the_dead(done: list[Any]) -> None:
    now = timezone.now()
    assert operations.gauges(now=now) == operations.Gauges(0, 0.0, 0)
    OutboxEntry.objects.bulk_create(
        [
            OutboxEntry(kind="note", key="a", payload={}, available_at=now - timedelta(seconds=90)),
            OutboxEntry(kind="note", key="b", payload={}, available_at=now),
            OutboxEntry(kind="note", key="c", payload={}, available_at=now + timedelta(hours=1)),
            OutboxEntry(kind="note", key="d", payload={}, dead_at=now),
            OutboxEntry(kind="note", key="e", payload={}, done_at=now),
        ]
    )
    assert operations.gauges(now=now) == operations.Gauges(2, 90.0, 1)


def test_what_a_worker_has_in_hand_is_not_overdue(done: list[Any]) -> None:
    enqueue(1)
    now = timezone.now()
    operations.claim(now=now)
    assert operations.gauges(now=now + timedelta(seconds=60)).backlog == 0
    assert operations.gauges(now=now + claims.LEASE + timedelta(seconds=1)).backlog == 1


def test_claiming_reads_the_index_of_live_rows(done: list[Any]) -> None:
    now = timezone.now()
    OutboxEntry.objects.bulk_create(
        OutboxEntry(kind="note", key=f"n{n}", payload={}, available_at=now, done_at=now)
        for n in range(500)
    )
    enqueue(1)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE outbox_outboxentry")
    plan = (
        OutboxEntry.objects.live()
        .filter(available_at__lte=now)
        .order_by("available_at", "pk")[:100]
        .explain()
    )
    assert "outbox_live" in plan


class Admin:
    """The admin page of the outbox, called as the site would."""

    def __init__(self) -> None:
        self.page = OutboxEntryAdmin(OutboxEntry, AdminSite())
        self.request = RequestFactory().get("/")

    def filtered(self, state: str) -> list[str]:
        """Return the keys that a state shows."""
        chosen = StateFilter(self.request, {"state": [state]}, OutboxEntry, self.page)
        rows = chosen.queryset(self.request, OutboxEntry.objects.order_by("key"))
        return [row.key for row in rows]


@pytest.fixture
def admin(done: list[Any]) -> Iterator[Admin]:
    now = timezone.now()
    OutboxEntry.objects.bulk_create(
        [
            OutboxEntry(kind="note", key="dead", payload={}, dead_at=now),
            OutboxEntry(kind="note", key="done", payload={}, done_at=now),
            OutboxEntry(kind="note", key="live", payload={}),
        ]
    )
    return Admin()


def test_admin_shows_rows_by_state(admin: Admin) -> None:
    assert [admin.filtered(state) for state in ("live", "dead", "done")] == [
        ["live"],
        ["dead"],
        ["done"],
    ]


def test_admin_can_neither_add_nor_delete(admin: Admin) -> None:
    assert not admin.page.has_add_permission(admin.request)
    assert not admin.page.has_delete_permission(admin.request)
