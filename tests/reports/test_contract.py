"""The names by which programs outside know reports and figures, and what they hold."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import BreakReason, StatusInterval
from agents.operations.statuses import set_status
from reports.facts.keeping import rebuild
from tests.reports.test_reports import answered, reader
from tests.reports.test_reports import desk as desk
from tests.reports.test_worktime import at, shift
from tests.support.desk import Desk, make_desk, start
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db

# What each report tells programs outside, at least.
NAMES = {
    "agents": (
        "sessions participations talk busy average_session acw acw_net late_topics aht "
        "first_response missed_offers dropped csat ratings concurrency concurrency_max occupancy "
        "utilisation"
    ),
    "agent-status": "status_seconds first_online last_offline",
    "sessions": "",
    "general": (
        "requests sessions missed offline held_by_rule first_response average_session "
        "session_duration engaged"
    ),
    "queue": (
        "wait wait_open wait_max wait_left wait_left_open abandoned quick_abandoned timed_out "
        "service_level queue_length agents_online"
    ),
    "answers": "first_response first_response_open reaction response dropped",
    "resolution": "resolution_first resolution_last reopen_rate",
    "topics": "requests sessions missed csat",
    "tags": "requests sessions missed csat",
    "ratings": "ratings csat response_rate",
    "tickets": (
        "first_response resolution_first resolution_first_open resolution_last reopen_rate "
        "requester_wait requester_wait_open agent_wait"
    ),
}


def test_a_report_has_the_name_and_keys_of_the_contract(
    subtests: pytest.Subtests, desk: Desk
) -> None:
    client = reader()
    for name, told in NAMES.items():
        with subtests.test(name):
            answer = client.get(f"/api/v1/reports/{name}").json()
            assert answer["name"] == name
            assert {"from", "to", "zone", "as_of", "counted_at", "figures", "rows"} <= answer.keys()
            keys = set(told.split())
            assert keys <= answer["figures"].keys()
            assert answer["counted_at"].keys() == answer["figures"].keys()
            for key in keys:
                behind = client.get(f"/api/v1/reports/{name}/rows?figure={key}")
                assert behind.status_code == 200, key
                assert behind.json()["counted_at"] == {key: answer["counted_at"][key]}
            for ending in (".csv", ".xlsx"):
                assert client.get(f"/api/v1/reports/{name}{ending}").status_code == 200
            assert client.get(f"/reports/{name}/").status_code == 200


def test_a_row_is_what_the_rows_of_its_report_are_without_saying_so(desk: Desk) -> None:
    elif_, client = desk.agents[0], reader()
    row = f"figure=sessions&row={elif_.public_id}"
    behind = client.get(f"/api/v1/reports/agents/rows?{row}").json()
    assert [one["agent"] for one in behind["rows"]] == [elif_.name, elif_.name]
    assert behind == client.get(f"/api/v1/reports/agents/rows?{row}&by=agent").json() | {
        "as_of": behind["as_of"]
    }


def test_a_report_is_narrowed_to_who_began_the_chats(desk: Desk) -> None:
    client = reader()
    for side, found in (("visitor", 5), ("agent", 0), ("invitation", 0)):
        answer = client.get(f"/api/v1/reports/general?started_by={side}")
        assert answer.json()["figures"]["requests"] == found, side


def test_the_page_of_agents_statuses_is_found_at_its_old_address() -> None:
    there = reader().get("/reports/status/?from=2026-11-01")
    assert there["Location"] == "/reports/agent-status/?from=2026-11-01"


def test_time_is_told_by_status_and_reason() -> None:
    elif_ = make_agent()
    food = BreakReason.objects.create(name_tr="Yemek", name_en="Food")
    turns = ((9, "online"), (12, "break"), (13, "online"), (17, "break"), (18, "offline"))
    shift(elif_, (at(-9), "offline"), *((at(hour), status) for hour, status in turns))
    StatusInterval.objects.filter(agent=elif_, started_at=at(12)).update(reason=food)
    wish = f"from=2026-11-03&to=2026-11-03&zone=Europe/Istanbul&agent={elif_.public_id}"
    answer = reader().get(f"/api/v1/reports/agent-status?{wish}").json()
    told = {
        "online": {"": 7 * 3600},
        "break": {str(food.pk): 3600, "": 3600},
        "offline": {"": 15 * 3600},
    }
    assert answer["figures"]["status_seconds"] == told
    [row] = answer["rows"]
    assert row["status_seconds"] == told
    by_day = reader().get(f"/api/v1/reports/agent-status?{wish}&by=day").json()
    assert by_day["rows"][0]["status_seconds"] == told


def test_who_waits_and_who_may_answer_is_told_as_it_stands_whatever_the_days() -> None:
    now = timezone.now()
    desk, other = make_desk(agents=2, brand={"capacity": 1}), make_desk(agents=1)
    elif_, mert = desk.agents
    [stranger] = other.agents
    stranger.role_grants.all().delete()
    make_role("chat", brands=(other.brand,)).grants.create(agent=stranger)
    set_status(agent=mert, status="invisible", by=None, now=now)
    start(desk, now=now - timedelta(minutes=2))
    start(desk, now=now - timedelta(minutes=1))
    start(other, now=now)
    answered(desk, elif_, now - timedelta(hours=1), wait=1, talk=5, acw=1)
    rebuild()
    client, long_ago = reader(), "from=2020-01-01&to=2020-01-31"
    for wish, stands in (
        ("", {"queue_length": 3, "agents_online": 2}),
        (f"&brand={desk.brand.pk}", {"queue_length": 2, "agents_online": 1}),
        ("&channel=whatsapp", {"queue_length": 0, "agents_online": 2}),
    ):
        figures = client.get(f"/api/v1/reports/queue?{long_ago}{wish}").json()["figures"]
        assert stands.items() <= figures.items()
        for key, number in stands.items():
            where = f"/api/v1/reports/queue/rows?figure={key}&{long_ago}{wish}"
            assert len(client.get(where).json()["rows"]) == number
    assert (
        client.get("/api/v1/reports/queue/rows?figure=queue_length&row=2026-11-03").json()["code"]
        == "invalid"
    )
