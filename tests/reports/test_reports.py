"""Page, file and API say the same, to those who may read it; every number opens to its chats."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlparse
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone, translation

from agents.access import access_of
from agents.console import frame
from agents.models import Agent, Permission, Role, Status
from agents.models.audit import AuditEntry
from agents.operations.statuses import set_status
from chat.models import Conversation
from chat.operations.assignment import accept
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.ratings import rate_conversation
from chat.operations.tags import add_tag
from chat.operations.tickets import convert_to_ticket
from chat.operations.transfers import transfer
from chat.posting.messages import Author, Outgoing, Posted, post_message
from reports.api import ReportAnswer
from reports.definitions import FIGURES, REPORTS, named_figure
from reports.facts.keeping import rebuild
from reports.facts.tickets import PAST_OF_TICKETS
from reports.figures.adding import compute
from reports.figures.building import build
from reports.filters import default_filters
from reports.listings import LISTINGS
from reports.models import ChatFact, TicketFact
from tests.support.desk import Desk, make_desk, start
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db

CHAT_FIGURES = [
    key for key, figure in FIGURES.items() if figure.source in {"stay", "stint", "offer", "word"}
]
ISTANBUL = ZoneInfo("Europe/Istanbul")


def answered(desk: Desk, agent: Agent, at: datetime, *, wait: int, talk: int, acw: int) -> Any:
    """A chat that one agent answered ten seconds after taking it."""
    chat = start(desk, now=at)
    at += timedelta(seconds=wait)
    accept(conversation=chat, agent=agent, now=at)
    chat.refresh_from_db()
    words = Outgoing(chat.public_id, Author.of_agent(agent), "Bakıyorum", str(uuid4()), "message")
    posted = post_message(words, now=at + timedelta(seconds=10))
    assert isinstance(posted, Posted), posted
    at += timedelta(seconds=talk)
    end_conversation(conversation=chat, by=agent, now=at)
    at += timedelta(seconds=acw)
    return resolve_conversation(conversation=chat, topic=desk.topic, by=agent, now=at)


def left(desk: Desk, at: datetime, *, wait: int) -> Conversation:
    """A chat whose visitor left the line."""
    chat = start(desk, now=at)
    end_conversation(
        conversation=chat, by=chat.visitor, now=at + timedelta(seconds=wait), outcome=""
    )
    return chat


@pytest.fixture
def desk() -> Desk:
    """Two agents with two chats and one, and two visitors who left, all of today."""
    made = make_desk(agents=2, brand={"capacity": 5})
    elif_, mert = made.agents
    noon = timezone.now() - timedelta(minutes=20)
    first = answered(made, elif_, noon, wait=20, talk=100, acw=30)
    answered(made, elif_, noon, wait=10, talk=200, acw=50)
    answered(made, mert, noon, wait=60, talk=60, acw=0)
    left(made, noon, wait=5)
    left(made, noon, wait=45)
    convert_to_ticket(conversation=first, by=elif_, now=timezone.now(), email="vera@example.com")
    rate_conversation(conversation=first, score=5, comment="", now=timezone.now())
    rebuild()
    PAST_OF_TICKETS.rebuild()
    return made


def reader(*permissions: str, scope: str = Role.Scope.ALL) -> Client:
    role = make_role(*(permissions or (Permission.REPORTS, Permission.EXPORT)), scope=scope)
    return signed_in(make_agent(role=role, language="en"))


def signed_in(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def test_a_page_says_whether_there_is_nothing_or_nothing_yet(desk: Desk) -> None:
    browser = reader()
    ChatFact.objects.all().delete()
    assert "are being made" in browser.get("/reports/queue/").content.decode()
    rebuild()
    assert "are being made" not in browser.get("/reports/queue/").content.decode()
    TicketFact.objects.all().delete()
    assert "are being made" in browser.get("/reports/tickets/").content.decode()
    PAST_OF_TICKETS.rebuild()
    long_ago = "/reports/queue/?from=2020-01-01&to=2020-01-31"
    assert "There is nothing in these days" in browser.get(long_ago).content.decode()


def test_the_queue_says_what_was_missed_and_what_was_left_for_mail(desk: Desk) -> None:
    boss = access_of(make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.ALL)))
    filters = default_filters("Europe/Istanbul", now=timezone.now())
    totals = build("queue", filters, boss, now=timezone.now()).totals
    assert (totals["missed"], totals["offline"], totals["abandoned"]) == (2, 0, 1)


def test_the_figures_are_those_computed_by_hand(desk: Desk) -> None:
    boss = access_of(make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.ALL)))
    filters = default_filters("Europe/Istanbul", now=timezone.now())
    whole = compute(CHAT_FIGURES, filters, boss, now=timezone.now())[None]
    assert whole == pytest.approx(
        {
            "requests": 5,
            "sessions": 3,
            "participations": 3,
            "talk": 360,
            "average_session": 120,
            "acw": 80 / 3,
            "acw_total": 80,
            "late_topics": 0,
            "aht": (360 + 80) / 3,
            "first_response": (30 + 20 + 70) / 3,
            "reaction": 10,
            "wait": 30,
            "wait_max": 60,
            "wait_left": 25,
            "missed": 2,
            "abandoned": 1,
            "quick_abandoned": 1,
            "timed_out": 0,
            "offline": 0,
            # 20 and 30 seconds of four; who left at once is not asked.
            "service_level": 0.5,
            "missed_offers": 0,
            "ratings": 1,
            "csat": 1.0,
            # Nobody has seen the question.
            "response_rate": None,
            "acw_net": 80 / 3,
            "closed": 0,
            "held_by_rule": 0,
            "dropped": 0,
            # 20, 30 and 70; 10, 20 and 60.
            "first_response_median": 30,
            "first_response_p90": 62,
            "first_response_open": 40,
            "reaction_open": 10,
            "response": 40,
            "response_open": 40,
            "response_median": 30,
            "response_p90": 62,
            "wait_median": 20,
            "wait_p90": 52,
            "wait_open": 30,
            "wait_left_open": 25,
            "session_duration": 120,
            "engaged": 40,
            "resolved": 5,
            "resolution_first": (150 + 260 + 120 + 5 + 45) / 5,
            "resolution_first_open": (150 + 260 + 120 + 5 + 45) / 5,
            "resolution_last": (150 + 260 + 120 + 5 + 45) / 5,
            "resolution_last_open": (150 + 260 + 120 + 5 + 45) / 5,
            "reopen_rate": 0,
        }
    )
    by_agent = compute(["sessions", "talk"], filters, boss, by="agent", now=timezone.now())
    elif_, mert = desk.agents
    assert by_agent[elif_.pk] == {"sessions": 2, "talk": 300}
    assert by_agent[mert.pk] == {"sessions": 1, "talk": 60}


def test_a_chat_of_two_agents_is_a_session_of_each_and_one_in_the_totals(desk: Desk) -> None:
    elif_, mert = desk.agents
    at = timezone.now() - timedelta(minutes=10)
    chat = start(desk, now=at)
    for number, agent in enumerate((elif_, mert, elif_)):
        moment = at + timedelta(seconds=10 + 20 * number)
        chat.refresh_from_db()
        if number:
            transfer(conversation=chat, to=agent, by=chat.assignee, reason="", now=moment)
            chat.refresh_from_db()
        if chat.assignee != agent:
            accept(conversation=chat, agent=agent, now=moment)
        words = Outgoing(chat.public_id, Author.of_agent(agent), "Evet", str(uuid4()), "message")
        assert isinstance(post_message(words, now=moment + timedelta(seconds=5)), Posted)
    chat.refresh_from_db()
    end_conversation(conversation=chat, by=elif_, now=at + timedelta(seconds=90))
    rebuild()
    # Three chats stood at the desk before.
    team = make_role(Permission.REPORTS, scope=Role.Scope.TEAM)
    lead = make_agent(role=team, language="en")
    desk.team.agents.add(lead)
    for client in (reader(), signed_in(lead)):
        answer = client.get("/api/v1/reports/agents").json()
        rows = {row["name"]: row["sessions"] for row in answer["rows"]}
        assert rows == {elif_.name: 3, mert.name: 2}
        assert answer["figures"]["sessions"] == 4
        of_mert = client.get(f"/api/v1/reports/agents?agent={mert.public_id}").json()
        assert of_mert["figures"]["sessions"] == 2


def columns(answer: Any) -> list[str]:
    """The keys of what also stands in files and on pages."""
    for_programs = {"status_seconds", "queue_length", "agents_online"}
    return [key for key in answer["counted_at"] if key not in for_programs]


def as_in_a_file(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-.+T.+", value):
        return value[:19].replace("T", " ")
    return "" if value is None else str(value)


@time_machine.travel(datetime.now(UTC), tick=False)
def test_page_file_and_api_are_equal_to_the_last_digit(desk: Desk) -> None:
    client = reader()
    for name in REPORTS:
        answer = client.get(f"/api/v1/reports/{name}").json()
        text = b"".join(client.get(f"/api/v1/reports/{name}.csv")).decode()
        head, *rows = csv.reader(io.StringIO(text))
        keys = columns(answer)
        figures = [named_figure(key, of_tickets=name == "tickets") for key in keys]
        assert head[1:] == [str(figure.name) for figure in figures if figure]
        assert answer.keys() == ReportAnswer().fields.keys()
        told = [[row["name"], *(row[key] for key in keys)] for row in answer["rows"]]
        told.append(["Total", *(answer["figures"][key] for key in keys)])
        assert rows == [[as_in_a_file(one) for one in row] for row in told]
        page = client.get(f"/reports/{name}/")
        assert page.status_code == 200
        assert [line["name"] for line in page.context["lines"]] == [row[0] for row in told[:-1]]


def test_every_number_opens_to_as_many_rows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # What stands around a page counts chats and colleagues, 170 times here.
    monkeypatch.setattr(frame, "_parts", {})
    client = reader()
    add_tag(conversation=Conversation.objects.all()[0], name="iade", by=None, now=timezone.now())
    set_status(agent=desk.agents[1], status=Status.BREAK, by=None, now=timezone.now())
    for name, report in REPORTS.items():
        page = client.get(f"/reports/{name}/").context
        assert page["lines"], name
        rows = [page["totals"], *(line["cells"] for line in page["lines"])]
        counted = 0
        for row in rows:
            for cell, figure in zip(row, page["columns"], strict=True):
                if not cell["url"]:
                    assert figure.source == "time" or cell["text"] in {"0", "–"}, (name, figure.key)
                    continue
                shown = client.get(cell["url"]).context["history"]
                assert shown, (name, figure.key)
                # Of the most at once there are no rows of its own.
                if figure.unit == "count" and figure.key != "concurrency_max":
                    assert str(len(shown)) == cell["text"], (name, figure.key)
                    counted += 1
        assert counted, name
        wish = parse_qs(urlparse(page["totals"][0]["url"]).query)
        assert wish["figure"] == [report.keys[0]]


def test_tags_have_rows_of_their_own_and_a_chat_with_two_counts_in_both(desk: Desk) -> None:
    first, second = Conversation.objects.order_by("pk")[:2]
    for chat, name in ((first, "iade"), (first, "kargo"), (second, "iade")):
        add_tag(conversation=chat, name=name, by=None, now=timezone.now())
    client = reader()
    answer = client.get("/api/v1/reports/tags").json()
    assert {row["name"]: row["sessions"] for row in answer["rows"]} == {
        "iade": 2,
        "kargo": 1,
        "None": 1,
    }
    assert answer["figures"]["sessions"] == 3
    page = client.get("/reports/tags/").context
    iade = page["lines"][0] if page["lines"][0]["name"] == "iade" else page["lines"][1]
    assert len(client.get(iade["cells"][0]["url"]).context["history"]) == 2


def test_rows_are_words_of_the_readers_language_in_files_and_on_pages_and_codes_by_the_api(
    desk: Desk,
) -> None:
    set_status(agent=desk.agents[1], status=Status.BREAK, by=None, now=timezone.now())
    role = make_role(Permission.REPORTS, Permission.EXPORT, scope=Role.Scope.ALL)
    client = signed_in(make_agent(role=role, language="tr"))
    codes = {
        "sessions": {"channel": "web", "started_by": "visitor", "outcome": "abandoned"},
        "statuses": {"status": "break", "changed_by": ""},
        "ticket-list": {
            "status": "new",
            "priority": "normal",
            "source": "chat",
        },
    }
    for name, wanted in codes.items():
        columns = LISTINGS[name].columns
        rows = client.get(f"/api/v1/reports/{name}").json()["rows"]
        place = next(n for n, row in enumerate(rows) if wanted.items() <= row.items())
        answer = client.get(f"/api/v1/reports/{name}.csv")
        # The file leaves after its request has ended.
        with translation.override("en"):
            lines = list(csv.reader(io.StringIO(b"".join(answer).decode())))
        page = client.get(f"/reports/{name}/").context["history"][place]
        on_page = [key for key, column in columns.items() if column.on_page]
        with translation.override("tr"):
            for key, code in wanted.items():
                word = str(columns[key].labels[code])
                assert lines[1 + place][list(columns).index(key)] == word != code
                if key in on_page:
                    assert page["cells"][on_page.index(key)][0] == word


def test_nobody_reads_beyond_their_scope(desk: Desk) -> None:
    assert reader(Permission.CHAT).get("/reports/agents/").status_code == 404
    assert reader(Permission.CHAT).get("/api/v1/reports/agents").status_code == 403
    assert reader(Permission.REPORTS).get("/api/v1/reports/agents.csv").status_code == 403
    assert (
        reader(Permission.REPORTS, scope=Role.Scope.TEAM)
        .get("/api/v1/reports/general")
        .json()["figures"]["requests"]
        == 0
    )
    elif_ = desk.agents[0]
    own = make_role(Permission.REPORTS, scope=Role.Scope.OWN)
    own.grants.create(agent=elif_)
    mine = signed_in(elif_).get("/api/v1/reports/agents").json()
    assert [row["name"] for row in mine["rows"]] == [elif_.name]
    assert mine["figures"]["sessions"] == 2
    behind = signed_in(elif_).get("/api/v1/reports/general/rows?figure=missed").json()
    assert behind["rows"] == []


def test_no_word_of_a_customer_is_a_formula_in_a_file(desk: Desk) -> None:
    desk.topic.name_en = "=1+1"
    desk.topic.save()
    client = reader()
    answer = client.get("/api/v1/reports/sessions.csv?excel=1")
    text = b"".join(answer).decode()
    assert text.startswith("\ufeff")
    assert ";'=1+1;" in text
    assert AuditEntry.objects.filter(action="report.exported").exists()


def test_days_begin_at_midnight_of_the_zone(desk: Desk) -> None:
    at = datetime(2026, 11, 3, 23, 30, tzinfo=ISTANBUL)
    left(desk, at, wait=30)
    rebuild()
    client = reader()
    for zone, day in (("Europe/Istanbul", "2026-11-03"), ("Asia/Tokyo", "2026-11-04")):
        wish = f"from=2026-11-01&to=2026-11-09&zone={zone}"
        rows = client.get(f"/api/v1/reports/general?{wish}").json()["rows"]
        assert [row["row"] for row in rows if row["requests"]] == [day]
