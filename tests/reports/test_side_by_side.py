"""Readings of a report that keep several connections at work."""

import threading

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from agents.access import access_of
from agents.models import Permission, Role
from reports.figures.building import build
from reports.figures.side_by_side import read_side_by_side
from reports.filters import default_filters
from tests.reports.test_reports import desk as desk
from tests.support.desk import Desk
from tests.support.factories import make_agent, make_role


@pytest.mark.postgres
def test_readings_wait_for_each_other_only_within_a_transaction(transactional_db: None) -> None:
    both = threading.Barrier(2)

    def meets() -> bool:
        try:
            both.wait(timeout=30)
        except threading.BrokenBarrierError:
            return False
        return True

    assert read_side_by_side([meets, meets]) == [True, True]
    with transaction.atomic():
        ran_here = read_side_by_side([threading.get_ident, threading.get_ident])
    assert set(ran_here) == {threading.get_ident()}


@pytest.mark.postgres
def test_a_reading_goes_on_with_another_connection_where_its_own_broke(
    transactional_db: None,
) -> None:
    def backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    here = backend()
    before = set(read_side_by_side([backend] * 8)) - {here}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", [list(before)])
    assert not before & set(read_side_by_side([backend] * 8))


@pytest.mark.django_db(transaction=True)
def test_a_report_is_the_same_however_it_is_read(subtests: pytest.Subtests, desk: Desk) -> None:
    role = make_role(Permission.REPORTS, scope=Role.Scope.ALL)
    now = timezone.now()
    filters = default_filters("Europe/Istanbul", now=now)
    access = access_of(make_agent(role=role))
    for name in ("agents", "general", "tags"):
        with subtests.test(name), time_machine.travel(now, tick=False):
            apart = build(name, filters, access, now=now)
            with transaction.atomic():
                assert build(name, filters, access, now=now) == apart
