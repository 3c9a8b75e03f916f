"""A simulated month with known totals: every door says the same to the last digit."""

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import translation
from python_calamine import CalamineWorkbook

from agents.access import access_of
from agents.console import frame
from agents.models import Agent, Permission, Role, Status, StatusInterval
from chat.models import Conversation, Entry
from reports.definitions import REPORTS, named_figure
from reports.facts.keeping import rebuild
from reports.wall import snapshot as wall
from reports.wall.board import board_of, targets_for
from reports.writing import written
from tests.reports.test_exports import body
from tests.reports.test_reports import as_in_a_file, columns, signed_in
from tests.support.factories import (
    make_agent,
    make_brand,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)

pytestmark = pytest.mark.django_db

ISTANBUL = ZoneInfo("Europe/Istanbul")
DAYS = 30
FIRST, LAST = date(2026, 11, 1), date(2026, 11, DAYS)
EVENING = datetime(2026, 11, DAYS, 20, tzinfo=ISTANBUL)
WISH = f"from={FIRST}&to={LAST}&zone=Europe/Istanbul"


class Month:
    """On the n-th day n % 3 + 1 chats are answered, and on even days one visitor leaves."""

    def __init__(self) -> None:
        self.agents = [make_agent(name="Elif"), make_agent(name="Mert")]
        team = make_team(*self.agents)
        self.brand = make_brand(name="Pazar34", default_team=team)
        self.topics = [make_topic(self.brand, team) for _ in range(2)]
        self.visitor = make_visitor(self.brand)
        self.lines: list[Entry] = []
        self.answered = self.left = 0
        for number in range(1, DAYS + 1):
            at = datetime(2026, 11, number, 10, tzinfo=ISTANBUL)
            for place in range(number % 3 + 1):
                self._answered(at + timedelta(hours=place), wait=5 * number)
            if number % 2 == 0:
                self._left(at + timedelta(hours=5))
        Entry.objects.bulk_create(self.lines)
        StatusInterval.objects.filter(agent__in=self.agents).delete()
        for agent in self.agents:
            for number in range(1, DAYS + 1):
                nine = datetime(2026, 11, number, 9, tzinfo=ISTANBUL)
                for status, hour, until in ((Status.ONLINE, 0, 8), (Status.OFFLINE, 8, 24)):
                    StatusInterval.objects.create(
                        agent=agent, status=status, capacity=4, actor=agent,
                        started_at=nine + timedelta(hours=hour),
                        ended_at=nine + timedelta(hours=until),
                    )  # fmt: skip
        rebuild()

    def _chat(self, at: datetime, *told: tuple[float, str, str, dict[str, Any]]) -> None:
        chat = Conversation.objects.create(
            brand=self.brand, visitor=self.visitor, channel="web", language="tr",
            status="resolved", created_at=at, topic=self.topics[self.answered % 2],
            last_seq=len(told), last_visitor_seq=len(told), visitor_delivered_seq=len(told),
        )  # fmt: skip
        for seq, (second, kind, author, data) in enumerate(told, start=1):
            agent = self.agents[self.answered % 2] if author == "agent" else None
            self.lines.append(
                Entry(
                    conversation=chat,
                    seq=seq,
                    visitor_seq=seq,
                    kind=kind,
                    author_kind=author,
                    agent=agent,
                    data=data,
                    created_at=at + timedelta(seconds=second),
                )
            )

    def _answered(self, at: datetime, *, wait: int) -> None:
        to = {"to_id": self.agents[self.answered % 2].public_id}
        told: list[tuple[float, str, str, dict[str, Any]]] = [
            (0, "started", "visitor", {}), (0, "message", "visitor", {}),
            (0, "queued", "system", {}), (wait, "accepted", "agent", to),
            (wait + 0.25, "message", "agent", {}),
            (wait + 100, "ended", "agent", {"by": "agent", "because": "closed"}),
            (wait + 120, "resolved", "agent", {"outcome": "answered"}),
        ]  # fmt: skip
        if self.answered % 4 == 0:
            told.append((wait + 130, "rated", "visitor", {"score": 3 + self.answered % 8 // 2}))
        self._chat(at, *told)
        self.answered += 1

    def _left(self, at: datetime) -> None:
        self._chat(
            at,
            (0, "started", "visitor", {}),
            (0, "queued", "system", {}),
            (45, "ended", "visitor", {"by": "visitor", "because": "left"}),
            (45, "resolved", "visitor", {"outcome": "abandoned", "because": "left"}),
        )
        self.left += 1


@pytest.fixture
def month() -> Any:
    with time_machine.travel(EVENING, tick=False):
        wall.forget()
        yield Month()


def clerk() -> Agent:
    role = make_role(Permission.REPORTS, Permission.EXPORT, scope=Role.Scope.ALL)
    return make_agent(role=role, language="en")


def test_the_totals_of_the_month_are_those_that_were_put_in(month: Month) -> None:
    client = signed_in(clerk())

    def totals(name: str) -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/api/v1/reports/{name}?{WISH}").json()["figures"]
        return found

    assert (month.answered, month.left) == (60, 15)
    waits = sorted(5 * n for n in range(1, DAYS + 1) for _ in range(n % 3 + 1))
    general, queue, agents = totals("general"), totals("queue"), totals("agents")
    assert (general["requests"], general["sessions"], general["missed"]) == (75, 60, 15)
    assert queue["wait"] == pytest.approx(sum(waits) / 60, rel=1e-12)
    assert queue["wait_median"] == (waits[29] + waits[30]) / 2
    assert queue["wait_max"] == 150
    assert (queue["abandoned"], queue["wait_left"]) == (15, 45)
    in_time = sum(wait + 0.25 <= 30 for wait in waits)
    assert queue["service_level"] == in_time / 75
    assert (agents["talk"], agents["acw_total"]) == (60 * 100, 60 * 20)
    assert agents["average_session"] == 100
    # 15 ratings: 3 and 5 by turns.
    assert (agents["ratings"], agents["csat"]) == (15, 7 / 15)
    assert totals("ratings")["response_rate"] == 15 / 60
    assert totals("agent-status")["online"] == 2 * DAYS * 8 * 3600
    assert totals("resolution")["resolved"] == 75


def doors() -> list[tuple[str, str]]:
    return [(name, by) for name, report in REPORTS.items() for by in report.by]


def test_page_api_and_both_files_are_equal_to_the_last_digit_whatever_the_rows(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What stands around a page says nothing about the page.
    monkeypatch.setattr(frame, "_parts", {})
    client = signed_in(clerk())
    seen: set[str] = set()
    for name, by in doors():
        wish = f"{WISH}&by={by}"
        answer = client.get(f"/api/v1/reports/{name}?{wish}").json()
        keys = columns(answer)
        told = [[row["name"], *(row[key] for key in keys)] for row in answer["rows"]]
        told.append(["Total", *(answer["figures"][key] for key in keys)])
        text = b"".join(client.get(f"/api/v1/reports/{name}.csv?{wish}")).decode()
        _head, *rows = csv.reader(io.StringIO(text))
        assert rows == [[as_in_a_file(one) for one in row] for row in told], (name, by)
        content = body(client.get(f"/api/v1/reports/{name}.xlsx?{wish}"))
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        _head, *cells = book.get_sheet_by_index(0).to_python()
        for row, wanted in zip(cells, told, strict=True):
            for cell, value in zip(row, wanted, strict=True):
                if isinstance(value, float):
                    # A workbook keeps 16 digits.
                    assert cell == pytest.approx(value, rel=1e-15), (name, by)
                elif not isinstance(cell, datetime):
                    assert cell == ("" if value is None else value), (name, by)
        shown = client.get(f"/reports/{name}/?{wish}").context
        lines = [*((line["name"], line["cells"]) for line in shown["lines"])]
        lines.append(("Total", shown["totals"]))
        with translation.override("en"):
            for (title, drawn), wanted in zip(lines, told, strict=True):
                assert title == wanted[0]
                for key, cell, value in zip(keys, drawn, wanted[1:], strict=True):
                    figure = named_figure(key, of_tickets=name == "tickets")
                    assert figure is not None
                    if isinstance(value, str):
                        value = datetime.fromisoformat(value)
                    text = written(value, figure.unit, zone=ISTANBUL, with_day=by != "day")
                    assert cell["text"] == text, (name, by, key)
        seen |= {key for key in keys if any(answer["figures"].values())}
    assert {key for report in REPORTS.values() for key in report.keys if "ticket" not in key} <= {
        *seen,
        *(key for key in REPORTS["tickets"].keys if "wait" in key),
        "status_seconds",
    }


def test_the_wallboard_says_of_today_what_reports_say_of_it(month: Month) -> None:
    boss = clerk()
    client = signed_in(boss)
    board = board_of(
        wall.read(now=EVENING), access_of(boss), brand=None, targets=targets_for(None, among=[]),
        language="en", now=EVENING,
    )  # fmt: skip
    today = f"from={LAST}&to={LAST}&zone=Europe/Istanbul"

    def totals(name: str) -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/api/v1/reports/{name}?{today}").json()["figures"]
        return found

    general, queue, ratings = totals("general"), totals("queue"), totals("ratings")
    assert board.requests == general["requests"] == sum(hour.requests for hour in board.hours)
    assert sum(hour.missed for hour in board.hours) == general["missed"] == 1
    assert (board.service, board.abandoned) == (queue["service_level"], queue["abandoned"])
    assert (board.ratings, board.csat) == (ratings["ratings"], ratings["csat"])
    rows = client.get(f"/api/v1/reports/agents?{today}").json()["rows"]
    by_agent = {row["name"]: row["sessions"] for row in rows}
    assert by_agent
    assert {row.person.name: row.sessions for row in board.rows if row.sessions}.items() <= (
        by_agent.items()
    )
