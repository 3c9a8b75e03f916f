"""Business hours by the API."""

import pytest

from agents.models import Permission
from tests.support.factories import make_agent, make_brand, make_role, make_team

pytestmark = pytest.mark.django_db
WEEK = {"mon": [["09:00", "12:00"], ["13:00", "24:00"]], "fri": [["22:00", "02:00"]]}


def put(client, path: str, body: dict):
    return client.put(f"/api/v1/{path}", body, content_type="application/json")


def test_a_brand_is_always_open_until_it_has_hours_and_what_is_read_can_be_put(boss_client) -> None:
    path = f"brands/{make_brand().pk}/hours"
    empty = boss_client.get(f"/api/v1/{path}").json()
    assert (empty["zone"], empty["week"], empty["dates"]) == ("Europe/Istanbul", None, [])
    body = {"week": WEEK, "dates": [{"date": "2099-01-02", "name": "Sayım", "open": []}]}
    answer = put(boss_client, path, body)
    assert answer.status_code == 200
    found = answer.json()
    assert found["week"]["mon"] == WEEK["mon"]
    assert found["week"]["sun"] == []
    assert any(each["holiday"] for each in found["dates"])
    again = put(boss_client, path, found)
    assert again.json() == found
    days = boss_client.get(f"/api/v1/{path}/preview?days=7").json()["days"]
    assert len(days) == 7
    assert all(day["says"].keys() == {"tr", "en"} for day in days)


def test_errors_name_the_place(boss_client) -> None:
    path = f"brands/{make_brand().pk}/hours"
    body = {"week": {"mon": [["09:00", "9"]]}, "dates": [{"date": "x"}], "zone": "Mars", "a": 1}
    answer = put(boss_client, path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()["errors"]) == {"week.mon.0", "dates.0.date", "zone", "a"}


def test_a_team_has_its_own_until_they_are_deleted(boss_client) -> None:
    path = f"teams/{make_team().pk}/hours"
    assert put(boss_client, path, {"week": WEEK, "zone": None}).json()["own"]
    assert put(boss_client, path, {"week": WEEK, "zone": "Europe/Berlin"}).status_code == 400
    assert boss_client.delete(f"/api/v1/{path}").status_code == 204
    assert not boss_client.get(f"/api/v1/{path}").json()["own"]


def test_only_administrators_see_and_set_hours(client) -> None:
    client.force_login(make_agent(role=make_role(Permission.CHAT)))
    path = f"brands/{make_brand().pk}/hours"
    assert client.get(f"/api/v1/{path}").status_code == 403
    assert put(client, path, {"week": None}).status_code == 403
