"""The ledger of statuses, and leases of presence."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from agents import presence
from agents.events import AgentStatusChanged
from agents.models import BreakReason, Presence, Status, StatusInterval
from agents.operations import AgentDisabled, disable_agent, set_status
from agents.presence import Leases, is_present, vanished_agents
from tests.support.factories import make_agent, make_brand, make_role

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def intervals(agent):
    rows = StatusInterval.objects.filter(agent=agent).order_by("started_at", "pk")
    return [(row.status, row.started_at, row.ended_at) for row in rows]


@pytest.fixture
def agent(db):
    agent = make_agent()
    StatusInterval.objects.filter(agent=agent).update(started_at=after(-60))
    return agent


def test_each_change_ends_one_interval_and_begins_the_next(agent):
    set_status(agent=agent, status=Status.ONLINE, by=agent, now=NOW)
    set_status(agent=agent, status=Status.INVISIBLE, by=agent, now=after(10))
    assert intervals(agent) == [
        ("offline", after(-60), NOW),
        ("online", NOW, after(10)),
        ("invisible", after(10), None),
    ]
    agent.refresh_from_db()
    assert (agent.status, agent.status_since) == ("invisible", after(10))


def test_the_same_status_again_keeps_the_time_running(agent):
    set_status(agent=agent, status=Status.ONLINE, by=agent, now=NOW)
    set_status(agent=agent, status=Status.ONLINE, by=agent, now=after(30))
    assert len(intervals(agent)) == 2
    assert agent.status_since == NOW


def test_another_break_reason_is_a_change(agent):
    lunch, call = (BreakReason.objects.create(name_tr=n, name_en=n) for n in ("Lunch", "Call"))
    set_status(agent=agent, status=Status.BREAK, reason=lunch, by=agent, now=NOW)
    set_status(agent=agent, status=Status.BREAK, reason=call, by=agent, now=after(5))
    agent.refresh_from_db()
    assert agent.break_reason == call
    assert len(intervals(agent)) == 3


def test_only_a_break_has_a_reason(agent):
    lunch = BreakReason.objects.create(name_tr="Öğle", name_en="Lunch")
    interval = set_status(agent=agent, status=Status.ONLINE, reason=lunch, by=agent, now=NOW)
    assert interval.reason is None


def test_a_clock_that_steps_back_makes_no_negative_interval(agent):
    set_status(agent=agent, status=Status.ONLINE, by=agent, now=NOW)
    set_status(agent=agent, status=Status.BREAK, by=agent, now=after(-30))
    assert all(end is None or end >= start for _status, start, end in intervals(agent))


def test_who_changed_it_is_stored(agent):
    supervisor = make_agent()
    assert set_status(agent=agent, status="online", by=supervisor, now=NOW).actor == supervisor
    assert set_status(agent=agent, status="offline", by=None, now=NOW).actor is None


def test_the_disabled_can_only_be_offline(agent):
    set_status(agent=agent, status=Status.ONLINE, by=agent, now=NOW)
    disable_agent(agent=agent, by=None, now=after(1))
    assert agent.status == "offline"
    with pytest.raises(AgentDisabled):
        set_status(agent=agent, status=Status.ONLINE, by=agent, now=after(2))


def test_desks_of_the_agents_brands_hear_of_it(agent, announced):
    brand, other = make_brand(), make_brand()
    here = make_agent(role=make_role(brands=(brand,)))
    set_status(agent=here, status=Status.ONLINE, by=here, now=NOW)
    (event,) = (event for event in announced if isinstance(event, AgentStatusChanged))
    groups = [delivery.group for delivery in event.deliveries()]
    assert groups == [f"agent.{here.pk}", f"desk.{brand.pk}"]
    assert other.pk not in event.brand_ids
    frame = json.loads(*next(iter(event.deliveries())).content["frames"])
    assert frame["name"] == "agent.status"
    assert set(frame["data"]) == {"agent", "name", "status", "reason", "since"}


@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_moment_leave_one_open_interval():
    agent = make_agent()
    barrier = threading.Barrier(6)
    failures = []

    def change(number):
        try:
            barrier.wait(30)
            status = [Status.ONLINE, Status.INVISIBLE, Status.BREAK][number % 3]
            set_status(agent=agent, status=status, by=None, now=timezone.now())
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=change, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    rows = intervals(agent)
    assert [end for _status, _start, end in rows].count(None) == 1
    assert all(rows[i][2] <= rows[i + 1][1] for i in range(len(rows) - 1))


# Presence


@pytest.fixture
def leases(transactional_db):
    leases = Leases()
    yield leases
    for agent_id, count in leases.held().items():
        for _ in range(count):
            leases.detach(agent_id)


def test_the_first_socket_writes_a_lease_at_once(leases):
    agent = make_agent()
    leases.attach(agent.pk)
    assert is_present(agent.pk, timezone.now())
    leases.attach(agent.pk)
    assert leases.held() == {agent.pk: 2}


def test_all_leases_of_a_process_are_renewed_by_one_update(leases, django_assert_num_queries):
    agents = [make_agent() for _ in range(3)]
    for agent in agents:
        leases.attach(agent.pk)
    later = timezone.now() + timedelta(seconds=20)
    with django_assert_num_queries(1):
        leases.renew(later)
    assert set(Presence.objects.values_list("seen_at", flat=True)) == {later}


def test_a_lease_that_was_lost_is_written_again(leases):
    agent = make_agent()
    leases.attach(agent.pk)
    Presence.objects.all().delete()
    leases.renew(timezone.now())
    assert Presence.objects.get().agent == agent


def test_nothing_is_renewed_for_those_without_a_socket(leases):
    stays, goes = make_agent(), make_agent()
    for agent in (stays, goes):
        leases.attach(agent.pk)
    leases.detach(goes.pk)
    leases.renew(timezone.now() + timedelta(seconds=90))
    later = timezone.now() + timedelta(seconds=90)
    assert [is_present(each.pk, later) for each in (stays, goes)] == [True, False]


def test_the_disabled_are_gone_at_once_and_get_no_lease(leases):
    agent = make_agent(online=True)
    leases.attach(agent.pk)
    disable_agent(agent=agent, by=None, now=timezone.now())
    leases.renew(timezone.now())
    leases.detach(agent.pk)
    assert not Presence.objects.exists()


def watch(until, *, among, start=0, step=5):
    """Sweep every few seconds from `start` and return what the last sweep found."""
    found = []
    for second in range(start, until + 1, step):
        found = vanished_agents(after(second), among)
    return found


def lease(agent, at, process="p"):
    Presence.objects.update_or_create(agent=agent, process=process, defaults={"seen_at": at})


def test_an_agent_without_a_lease_for_a_minute_has_vanished(agent):
    lease(agent, after(100))
    assert watch(155, among=[agent.pk]) == []
    assert watch(160, among=[agent.pk], start=160) == [agent.pk]


def test_a_lease_of_any_process_counts(agent):
    lease(agent, after(0))
    lease(agent, after(150), process="other")
    assert watch(160, among=[agent.pk]) == []


def test_a_sweeper_that_just_started_calls_nobody_vanished(agent):
    lease(agent, after(-3600))
    assert watch(55, among=[agent.pk]) == []
    assert watch(60, among=[agent.pk], start=60) == [agent.pk]


def test_after_a_gap_without_database_or_cache_the_minute_starts_again(agent):
    lease(agent, after(0))
    assert watch(60, among=[agent.pk]) == [agent.pk]
    assert watch(255, among=[agent.pk], start=200) == []
    assert watch(260, among=[agent.pk], start=260) == [agent.pk]
    cache.clear()
    assert watch(265, among=[agent.pk], start=265) == []


def test_nobody_has_vanished_while_the_cache_is_away(agent, monkeypatch):
    assert watch(120, among=[agent.pk]) == [agent.pk]

    def away(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(presence.cache, "get", away)
    assert vanished_agents(after(125), [agent.pk]) == []


def test_several_sweepers_watch_together(agent):
    """Worker processes take turns; a small difference of their clocks is no gap."""
    lease(agent, after(0))
    for second in range(0, 60, 5):
        vanished_agents(after(second + (0.5 if second % 2 else 0)), [agent.pk])
    assert vanished_agents(after(60), [agent.pk]) == [agent.pk]


def test_a_heartbeat_over_http_is_a_lease(agent):
    presence.heartbeat(agent=agent, now=NOW)
    assert presence.is_present(agent.pk, after(45))
    assert not presence.is_present(agent.pk, after(61))
    presence.heartbeat(agent=agent, now=after(50))
    assert Presence.objects.count() == 1


def test_leases_of_processes_long_gone_are_forgotten_and_those_of_a_clock_that_was_ahead(agent):
    lease(agent, after(-2 * 24 * 3600), process="old")
    lease(agent, after(24 * 3600), process="ahead")
    lease(agent, NOW)
    presence.forget_old_leases(NOW)
    assert Presence.objects.get().process == "p"
