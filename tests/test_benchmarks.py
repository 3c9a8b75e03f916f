"""What benchmarks put into a database is what the product keeps there: they run seldom."""

import json
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from benchmarks import mails, many_rules, ticket_desk, year


@pytest.fixture
def own_connection(transactional_db: None) -> Iterator[None]:
    """Leave none of the settings that COPY was given to whoever has the connection next."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ALL")


def opened(cookie: str, path: str) -> str:
    name, value = cookie.split("=", 1)
    client = Client()
    client.cookies[name] = value
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.postgres
def test_the_tickets_that_are_measured_stand_in_the_list(own_connection: None) -> None:
    cookies = ticket_desk.seed(60)
    assert opened(cookies["all"], "/console/tickets/?folder=all").count("data-number=") == 40
    assert "Elif" in opened(cookies["all"], "/console/tickets/?folder=all&q=musteri10@")


@pytest.mark.postgres
def test_the_year_that_is_measured_is_told_by_reports(own_connection: None) -> None:
    cookie = year.seed(60)["cookie"]
    for report in ("agents", "agent-status", "general"):
        assert "report-table" in opened(cookie, f"/reports/{report}/?range=year")
    assert year.file("csv")["rows"] == 60


def test_the_mails_that_are_measured_become_lines(transactional_db: None, capsys) -> None:
    mails.main(2 * mails.ROUND)
    assert json.loads(capsys.readouterr().out)["taken"] > 0


def test_the_rules_that_are_measured_look_at_an_event(
    transactional_db: None, capsys, monkeypatch
) -> None:
    monkeypatch.setattr(many_rules, "ROUNDS", 6)
    many_rules.main()
    assert json.loads(capsys.readouterr().out)["median"] > 0
