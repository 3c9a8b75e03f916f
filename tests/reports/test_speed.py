"""How many statements a page asks: as many as are written here, however many rows there are."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reports.definitions import REPORTS
from reports.facts.keeping import rebuild
from reports.facts.tickets import PAST_OF_TICKETS
from reports.listings import LISTINGS
from tests.reports.test_reports import answered, left, reader
from tests.reports.test_reports import desk as desk
from tests.support.desk import Desk, make_desk
from tests.support.tickets import opened

pytestmark = pytest.mark.django_db


def statements(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in asked.captured_queries]


def test_no_page_asks_more_because_there_is_more(desk: Desk) -> None:
    # What is kept at hand for a minute is kept for as long as this takes.
    with time_machine.travel(datetime.now(UTC), tick=False):
        _asks_no_more()


def _asks_no_more() -> None:
    client = reader()
    paths = [f"/reports/{name}/?compare=before" for name in (*REPORTS, *LISTINGS)]
    # What a first look writes down and keeps at hand is no part of it.
    for path in paths:
        client.get(path)
    few = {path: statements(client, path) for path in paths}
    at = timezone.now() - timedelta(minutes=15)
    for _ in range(3):
        more = make_desk(agents=2, brand={"capacity": 5})
        answered(more, more.agents[0], at, wait=5, talk=9, acw=1)
        answered(more, more.agents[1], at, wait=5, talk=9, acw=1)
        left(more, at, wait=45)
        opened(more.brand, now=at)
    rebuild()
    PAST_OF_TICKETS.rebuild()
    for path in paths:
        many = statements(client, path)
        assert len(many) == len(few[path]), (path, set(many) - set(few[path]))


# Of the page itself, without sign-in and the frame around it.
OWN = ("reports_", "agents_statusinterval")
PINS = {
    "agents": 14,
    "agent-status": 4,
    "general": 5,
    "queue": 4,
    "answers": 8,
    "resolution": 2,
    "topics": 8,
    "tags": 8,
    "ratings": 4,
    "tickets": 8,
    "sessions": 1,
    "statuses": 1,
    "ticket-list": 1,
}
# Where rows and what they are together are read at once.
if connection.vendor == "postgresql":
    PINS |= {
        "agents": 9, "general": 3, "queue": 2, "answers": 4, "resolution": 1, "topics": 4,
        "ratings": 2, "tickets": 5,
    }  # fmt: skip


def test_a_page_asks_as_many_statements_as_are_written_here(desk: Desk) -> None:
    client = reader()
    client.get("/reports/agents/")
    asked = {
        name: sum(
            any(table in sql for table in OWN) for sql in statements(client, f"/reports/{name}/")
        )
        for name in (*REPORTS, *LISTINGS)
    }
    assert asked == PINS


def test_tags_are_read_without_the_chats_between_them_and_the_facts(desk: Desk) -> None:
    asked = [sql for sql in statements(reader(), "/reports/tags/") if "reports_" in sql]
    assert len(asked) == PINS["tags"]
    assert not any('"chat_conversation"' in sql for sql in asked)
