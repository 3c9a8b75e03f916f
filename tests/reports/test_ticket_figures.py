"""Figures of tickets: by type and status, first reply, resolution, and for whom."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from agents.access import access_of
from agents.models import Agent, HoursWeek, Permission, Role
from reports.figures.adding import compute
from reports.filters import Filters
from tests.reports.test_facts import work
from tests.support.factories import make_agent, make_brand, make_role, make_team
from tickets.models import Ticket
from tickets.operations.changes import change_ticket, mark_spam
from tickets.operations.contacts import create_contact
from tickets.operations.entries import Said
from tickets.operations.replies import say
from tickets.operations.safety_nets import close_net
from tickets.operations.tickets import open_ticket

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 11, 3, 9, tzinfo=ZoneInfo("Europe/Istanbul"))
KEYS = [
    "tickets_opened",
    "tickets_undone",
    "tickets_solved",
    "ticket_first_response",
    "ticket_resolution_first",
    "ticket_resolution_last",
]


def hours(count: float) -> datetime:
    return MORNING + timedelta(hours=count)


class Office:
    """One brand, an agent of its team, and a boss who reads reports."""

    def __init__(self) -> None:
        self.elif_ = make_agent(name="Elif")
        self.team = make_team(self.elif_)
        self.brand = make_brand(default_team=self.team)
        role = make_role(Permission.REPORTS, Permission.TICKETS, scope=Role.Scope.ALL)
        self.boss = make_agent(role=role, language="en")

    def opened(self, *, at: datetime = MORNING, **more: Any) -> Ticket:
        wish: dict[str, Any] = {
            "brand": self.brand,
            "contact": create_contact(name="Vera", email="v@example.com", language="tr", now=at),
            "topic": None,
            "subject": "Gelmedi",
            "said": [],
            "language": "tr",
            "source": "chat",
            "data": {},
            "origin_key": None,
            "by": None,
            "now": at,
        }
        return open_ticket(**wish | more)

    def moved(self, ticket: Ticket, status: str, at: datetime) -> None:
        change_ticket(ticket=ticket, by=self.elif_, now=at, changes={"status": status})

    def replied(self, ticket: Ticket, at: datetime) -> None:
        say(ticket=ticket, by=self.elif_, text="Bakıyoruz", client_id=str(at), now=at)

    def figures(
        self,
        by: str = "",
        who: Agent | None = None,
        days: int = 0,
        keys: Sequence[str] = KEYS,
    ) -> Any:
        day = MORNING.date()
        work()
        filters = Filters(
            first=day, last=day + timedelta(days=days), zone=ZoneInfo("Europe/Istanbul")
        )
        return compute(keys, filters, access_of(who or self.boss), by=by, now=hours(99))

    def compute(self, *keys: str) -> Any:
        day = MORNING.date()
        work()
        filters = Filters(first=day, last=day, zone=ZoneInfo("Europe/Istanbul"))
        return compute(keys, filters, access_of(self.boss), now=hours(999))[None]


def test_the_clock_of_a_ticket_runs_from_opening_to_the_first_reply_and_both_resolutions() -> None:
    office = Office()
    in_chat = Said(body="Merhaba", at=MORNING, agent=office.elif_, chat_id=7, chat_seq=2)
    first = office.opened(kind="complaint", said=[in_chat])
    office.replied(first, hours(2))
    office.replied(first, hours(3))
    office.moved(first, "resolved", hours(4))
    office.moved(first, "open", hours(5))
    office.moved(first, "resolved", hours(8))
    second = office.opened(kind="complaint")
    office.replied(second, hours(1))
    office.opened(kind="question")
    rows = office.figures(by="type")
    assert rows["complaint"] == {
        "tickets_opened": 2,
        "tickets_undone": 1,
        "tickets_solved": 1,
        "ticket_first_response": 1.5 * 3600,
        "ticket_resolution_first": 4 * 3600,
        "ticket_resolution_last": 8 * 3600,
    }
    assert rows["question"]["tickets_opened"] == 1
    assert rows["question"]["ticket_first_response"] is None
    by_status = {row: found["tickets_opened"] for row, found in office.figures(by="status").items()}
    assert by_status == {"resolved": 1, "open": 1, "new": 1}


def test_what_is_solved_another_day_counts_there_and_a_reopened_one_nowhere() -> None:
    office = Office()
    ticket = office.opened()
    office.moved(ticket, "resolved", hours(30))
    assert office.figures()[None]["tickets_solved"] == 0
    assert office.figures(days=1)[None]["tickets_solved"] == 1
    office.moved(ticket, "open", hours(31))
    assert office.figures(days=1)[None]["tickets_solved"] == 0


def test_spam_and_tickets_closed_along_with_their_chat_are_in_no_figure() -> None:
    office = Office()
    mark_spam(ticket=office.opened(), is_spam=True, by=office.elif_, now=hours(1))
    net = office.opened(is_safety_net=True)
    assert office.figures()[None]["tickets_opened"] == 1
    close_net(ticket=net, now=hours(1))
    assert office.figures()[None]["tickets_opened"] == 0


def test_nobody_counts_tickets_beyond_their_scope() -> None:
    office = Office()
    elsewhere = make_agent(
        role=make_role(Permission.REPORTS, scope=Role.Scope.ALL, brands=(make_brand(),))
    )
    own = make_role(Permission.REPORTS, scope=Role.Scope.OWN)
    stranger = make_agent(role=own)
    office.opened()
    mine = office.opened(assignee=office.elif_)
    own.grants.create(agent=office.elif_)
    assert office.figures(who=elsewhere)[None]["tickets_opened"] == 0
    assert office.figures(who=stranger)[None]["tickets_opened"] == 0
    assert office.figures(who=office.elif_)[None]["tickets_opened"] == 1
    client = Client()
    client.force_login(office.elif_)
    wish = "from=2026-11-03&to=2026-11-03&figure=tickets_opened"
    rows = client.get(f"/api/v1/reports/tickets/rows?{wish}").json()["rows"]
    assert [row["number"] for row in rows] == [mine.pk]
    assert "Gelmedi" not in client.get(f"/reports/ticket-list/?{wish}").content.decode()


def test_who_waited_for_whom_is_told_of_tickets_that_are_done() -> None:
    office = Office()
    ticket = office.opened()
    office.moved(ticket, "open", hours(1))
    office.moved(ticket, "waiting", hours(3))
    office.moved(ticket, "on_hold", hours(7))
    office.moved(ticket, "resolved", hours(8))
    office.opened()
    row = office.compute("requester_wait", "agent_wait", "ticket_reopen_rate")
    assert row == {"requester_wait": 4 * 3600, "agent_wait": 4 * 3600, "ticket_reopen_rate": 0}
    office.moved(ticket, "open", hours(8 + 7 * 24))
    assert office.compute("ticket_reopen_rate") == {"ticket_reopen_rate": 1}
    # Its wait goes on.
    assert office.compute("requester_wait") == {"requester_wait": None}
    late = office.opened()
    office.moved(late, "resolved", hours(1))
    office.moved(late, "open", hours(2 + 7 * 24))
    assert office.compute("ticket_reopen_rate") == {"ticket_reopen_rate": 0.5}


def test_of_each_wait_of_a_ticket_there_is_one_of_open_hours_by_those_it_was_opened_in() -> None:
    office = Office()
    # On Tuesdays from nine to noon and from one to six, on Wednesdays from ten.
    week: dict[str, Any] = {day: [] for day in ("mon", "thu", "fri", "sat", "sun")}
    week |= {"tue": [["09:00", "12:00"], ["13:00", "18:00"]], "wed": [["10:00", "18:00"]]}
    old = HoursWeek.objects.create(
        brand=office.brand, days=week, valid_from=hours(-99), valid_until=hours(1)
    )
    # What was changed since changes nothing of tickets that were there.
    HoursWeek.objects.create(brand=office.brand, days=None, valid_from=old.valid_until)
    ticket = office.opened()
    office.moved(ticket, "open", hours(1))
    office.replied(ticket, hours(5))
    office.moved(ticket, "waiting", hours(8))
    office.moved(ticket, "resolved", hours(26))
    office.moved(ticket, "open", hours(27))
    office.moved(ticket, "resolved", hours(28))
    keys = [
        f"{key}_open"
        for key in (
            "ticket_first_response",
            "ticket_resolution_first",
            "ticket_resolution_last",
            "requester_wait",
            "agent_wait",
        )
    ]
    row = office.figures(keys=keys, days=1)[None]
    # Without the hour at noon; on Wednesday an hour until eleven, and one more of the requester's
    # until one; the resolved hour is nobody's.
    assert [row[key] / 3600 for key in keys] == [4, 8 + 1, 8 + 3, 7 + 1, 1 + 1]


def test_each_row_opens_its_ticket_for_who_may_read_it() -> None:
    office = Office()
    mine = office.opened()
    reader = make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.ALL))
    work()
    for who, is_link in ((office.boss, True), (reader, False)):
        client = Client()
        client.force_login(who)
        page = client.get("/reports/ticket-list/?from=2026-11-03&to=2026-11-03")
        [row] = page.context["history"]
        assert row["url"] == (f"/console/tickets/{mine.pk}/" if is_link else "")
        if is_link:
            assert client.get(row["url"]).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "agents/rows?figure=requests&by=type&row=request",
        "tickets/rows?figure=tickets_opened&by=channel&row=web",
        "sessions?figure=tickets_opened",
        "sessions.csv?figure=tickets_opened",
        "ticket-list?figure=requests",
        "ticket-list.xlsx?figure=requests",
    ],
)
def test_rows_of_chats_and_of_tickets_are_not_asked_for_in_each_other(client, address):
    boss = make_agent(role=make_role(*Permission, name="Her şey"))
    client.force_login(boss)
    assert client.get(f"/api/v1/reports/{address}").json()["code"] == "invalid"
