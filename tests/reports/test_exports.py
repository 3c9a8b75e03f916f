"""Files: typed and equal to the API, made by a worker where they are long, and for one person."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from agents.models import Agent, Permission, Role
from agents.models.audit import AuditEntry
from config.outbox.operations import drain
from reports.definitions import REPORTS, Unit
from reports.exports import operations
from reports.exports.operations import link_key, purge_exports
from reports.exports.sheet import Sheet
from reports.exports.xlsx import write_xlsx
from reports.listings import kind
from reports.models import Export
from tests.reports.test_reports import ISTANBUL, columns, reader, signed_in
from tests.reports.test_reports import desk as desk
from tests.support.desk import Desk
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def clerk(*permissions: str) -> Agent:
    names = permissions or (Permission.REPORTS, Permission.EXPORT)
    return make_agent(role=make_role(*names, scope=Role.Scope.ALL), language="en")


def sheets(content: bytes) -> list[list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


@time_machine.travel(datetime.now(UTC), tick=False)
def test_a_workbook_holds_the_same_numbers_as_the_api_to_the_last_digit(desk: Desk) -> None:
    client = signed_in(clerk())
    for name in REPORTS:
        answer = client.get(f"/api/v1/reports/{name}").json()
        [[head, *rows]] = sheets(body(client.get(f"/api/v1/reports/{name}.xlsx")))
        keys = columns(answer)
        assert len(head) == 1 + len(keys)
        told = [[row["name"], *(row[key] for key in keys)] for row in answer["rows"]]
        told.append(["Total", *(answer["figures"][key] for key in keys)])
        assert len(rows) == len(told)
        for row, wanted in zip(rows, told, strict=True):
            for cell, value in zip(row, wanted, strict=True):
                if isinstance(cell, datetime):
                    moment = datetime.fromisoformat(value).astimezone(ISTANBUL)
                    assert abs(cell - moment.replace(tzinfo=None)) < timedelta(seconds=1)
                elif isinstance(value, float):
                    # A workbook keeps 16 digits.
                    assert cell == pytest.approx(value, rel=1e-15)
                else:
                    assert cell == ("" if value is None else value), name


def test_no_word_of_a_customer_is_a_formula_or_a_link_in_a_workbook(desk: Desk) -> None:
    words = ["=1+1", "+1", "@SUM(A1)", "https://evil.example", "-2", "{=1}", "007"]
    for word in words:
        desk.topic.name_en = word
        desk.topic.save()
        answer = signed_in(clerk()).get("/api/v1/reports/sessions.xlsx")
        [[head, *rows]] = sheets(body(answer))
        assert rows
        assert {row[head.index("Topic")] for row in rows} == {word}


def test_more_rows_than_a_worksheet_holds_stand_on_the_next(tmp_path: Path) -> None:
    sheet = Sheet(
        head=["A", "B"],
        units=[None, Unit.COUNT],
        rows=([f"r{number}", number] for number in range(7)),
        zone=ISTANBUL,
    )
    write_xlsx(sheet, str(tmp_path / "x"), rows=4)
    found = sheets((tmp_path / "x").read_bytes())
    assert [len(rows) for rows in found] == [4, 4, 2]
    assert [row[1] for rows in found for row in rows[1:]] == list(range(7))


def test_a_long_list_is_read_page_by_page_and_no_row_is_lost_or_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind, "FILE_PAGE", 2)
    text = body(reader().get("/api/v1/reports/sessions.csv")).decode()
    rows = list(csv.reader(io.StringIO(text)))[1:]
    assert len({row[1] for row in rows}) == len(rows) == 5


def test_a_long_file_is_made_by_a_worker_for_one_person_and_one_day(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.exports.pages.AT_ONCE", 3)
    agent = clerk()
    client, other = signed_in(agent), signed_in(clerk())
    short = client.post("/reports/sessions/export/?figure=csat", {"format": "xlsx"})
    assert short["Content-Disposition"].endswith('.xlsx"')
    answer = client.post("/reports/sessions/export/?by=x&page=2", {"format": "xlsx"})
    progress = answer["Location"]
    page = client.get(progress).content.decode()
    assert "is being made" in page
    assert 'http-equiv="refresh"' in page
    assert other.get(progress).status_code == 404
    assert drain("exports") == 1
    made = Export.objects.get()
    assert made.done == 5
    page = client.get(progress)
    link = page.context["url"]
    assert 'http-equiv="refresh"' not in page.content.decode()
    [[_head, *rows]] = sheets(body(client.get(link)))
    assert len(rows) == 5
    assert other.get(link).status_code == 404
    assert client.get(link[:-3] + "x/").status_code == 404
    assert Client().get(link).status_code == 302
    told = AuditEntry.objects.filter(actor=agent).values_list("action", flat=True)
    assert list(told).count("report.exported") == 2
    assert "report.downloaded" in told
    agent.role_grants.all().delete()
    assert client.get(link).status_code == 404
    make_role(Permission.REPORTS, Permission.EXPORT, scope=Role.Scope.ALL).grants.create(
        agent=agent
    )
    assert client.get(link).status_code == 200
    later = timezone.now() + timedelta(hours=25)
    with time_machine.travel(later):
        assert signed_in(agent).get(link).status_code == 404
    assert default_storage.exists(made.file)
    assert purge_exports(now=later) == 1


@pytest.mark.django_db(transaction=True)
def test_bytes_go_with_the_row_once_the_day_is_over() -> None:
    path = default_storage.save("exports/x", io.BytesIO(b"x"))
    now = timezone.now()
    Export.objects.create(
        agent=clerk(), name="sessions", form="csv", file=path, created_at=now,
        finished_at=now, expires_at=now,
    )  # fmt: skip
    assert purge_exports(now=now) == 1
    assert not default_storage.exists(path)


def test_who_lost_the_right_meanwhile_gets_no_file(desk: Desk) -> None:
    agent = clerk()
    client = signed_in(agent)
    made = client.post("/api/v1/reports/sessions/exports", {"format": "csv"}, "application/json")
    agent.role_grants.all().delete()
    drain("exports")
    export = Export.objects.get(public_id=made.json()["id"])
    assert (export.file, export.is_failed) == ("", True)
    assert client.get(f"/reports/exports/file/{link_key(export)}/").status_code == 404


def test_the_api_makes_tells_and_gives_a_file(desk: Desk, monkeypatch: Any) -> None:
    monkeypatch.setattr("reports.exports.api.AT_ONCE", 3)
    client, other = signed_in(clerk()), signed_in(clerk())
    refused = client.get("/api/v1/reports/sessions.xlsx")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_long")
    ask = "/api/v1/reports/sessions/exports?zone=Asia/Tokyo"
    made = client.post(ask, {"format": "csv"}, "application/json").json()
    where = f"/api/v1/exports/{made['id']}"
    assert client.get(where).json()["state"] == "working"
    assert client.get(f"{where}/file").status_code == 404
    drain("exports")
    answer = client.get(where).json()
    assert (answer["state"], answer["rows"]) == ("done", 5)
    assert len(body(client.get(answer["file"])).splitlines()) == 6
    assert other.get(where).status_code == 404
    assert other.get(answer["file"]).status_code == 404
    for _ in range(operations.AT_A_TIME):
        assert client.post(ask, {"format": "csv"}, "application/json").status_code == 201
    full = client.post(ask, {"format": "csv"}, "application/json")
    assert (full.status_code, full.json()["code"]) == (409, "full")


def test_reading_reports_is_no_right_to_have_files(desk: Desk) -> None:
    client = signed_in(clerk(Permission.REPORTS))
    assert "report-files" not in client.get("/reports/agents/").content.decode()
    assert client.post("/reports/agents/export/", {"format": "csv"}).status_code == 404
    for path in ("reports/agents.csv", "reports/agents.xlsx", "exports/x"):
        assert client.get(f"/api/v1/{path}").status_code == 403, path
    ask = client.post("/api/v1/reports/agents/exports", {"format": "csv"}, "application/json")
    assert ask.status_code == 403
    files = ("report.exported", "report.downloaded")
    assert not AuditEntry.objects.filter(action__in=files).exists()
