"""What agents are told of: classes, quiet hours, and what the desk's scripts know of them."""

import json
import re
from datetime import UTC, datetime

import pytest

from agents.models import Notice, Status
from agents.operations.notices import set_notices
from agents.queries.notices import is_left_alone, wanted_by
from tests.support.factories import make_agent
from tests.support.http import Desk, make_shop

pytestmark = pytest.mark.django_db

EVERYTHING = dict.fromkeys(Notice.values, True)
# 23:30 in Istanbul.
NIGHT = datetime(2026, 11, 29, 20, 30, tzinfo=UTC)


def at(hour: int) -> datetime:
    return datetime(2026, 11, 29, hour - 3, tzinfo=UTC)


def test_whoever_says_nothing_is_told_of_everything():
    answer = Desk(make_agent()).get("notifications")
    assert answer.json() == {"classes": EVERYTHING, "quiet": [], "digest": False}


def test_a_program_changes_what_it_names_and_the_rest_stays():
    desk = Desk(make_agent())
    desk.call("PATCH", "notifications", {"classes": {"ticket": False}})
    answer = desk.call("PATCH", "notifications", {"quiet": [["22:00", "08:00"]]})
    assert answer.json() == {
        "classes": EVERYTHING | {"ticket": False},
        "quiet": [["22:00", "08:00"]],
        "digest": False,
    }
    answer = desk.call("PATCH", "notifications", {"classes": {"ticket": True, "team": False}})
    assert answer.json()["classes"] == EVERYTHING | {"team": False}


@pytest.mark.parametrize(
    "body",
    [
        {"classes": {"late": True}},
        {"classes": {"ticket": "perhaps"}},
        {"quiet": "22:00"},
        {"quiet": [["22:00"]]},
        {"quiet": [["22:00", "22:00"]]},
        {"quiet": [["24:00", "08:00"]]},
        {"quiet": [[22, 8]]},
        {"quiet": [["22:00", "08:00"]] * 5},
    ],
)
def test_what_makes_no_sense_is_refused(body):
    agent = make_agent()
    assert Desk(agent).call("PATCH", "notifications", body).status_code == 400
    agent.refresh_from_db()
    assert (agent.notices_off, agent.quiet) == ([], [])


def test_quiet_hours_pass_midnight_and_count_only_while_not_online():
    agent = make_agent(quiet=[["22:00", "08:00"]])
    assert [hour for hour in range(3, 24) if is_left_alone(agent, Notice.MESSAGE, at(hour))] == [
        *range(3, 8),
        22,
        23,
    ]
    agent.status = Status.ONLINE
    assert not is_left_alone(agent, Notice.MESSAGE, NIGHT)
    agent.notices_off = ["message"]
    assert is_left_alone(agent, Notice.MESSAGE, NIGHT)


def test_the_profile_saves_classes_and_quiet_hours_and_shows_them_again(client):
    agent = make_agent(language="tr")
    client.force_login(agent)
    body = {"wanted": ["new_chat", "message"], "quiet_from": "22:00", "quiet_until": "07:30"}
    assert client.post("/profile/notifications/", body).status_code == 302
    agent.refresh_from_db()
    assert wanted_by(agent) == ["new_chat", "message"]
    assert agent.quiet == [["22:00", "07:30"]]
    page = client.get("/profile/").content.decode()
    assert "Bildirimleri aç" in page
    assert 'value="22:00"' in page
    assert len(re.findall(r'name="wanted"[^>]* checked', page)) == 2
    answer = client.post("/profile/notifications/", body | {"quiet_until": ""})
    assert answer.status_code == 400
    assert "iki farklı saat" in answer.content.decode()


def test_the_profile_shows_every_pair_of_quiet_hours_and_an_empty_one_and_keeps_them(client):
    agent = make_agent(quiet=[["22:00", "08:00"], ["12:00", "13:00"]])
    client.force_login(agent)

    def shown():
        page = client.get("/profile/").content.decode()
        names = re.findall(r'name="quiet_(?:from|until)[^"]*"[^>]*', page)
        return {field.split('"')[1]: "".join(re.findall('value="(.*?)"', field)) for field in names}

    seen = shown()
    assert list(seen.values()) == ["22:00", "08:00", "12:00", "13:00", "", ""]
    assert client.post("/profile/notifications/", seen | {"wanted": ["message"]}).status_code == 302
    agent.refresh_from_db()
    assert agent.quiet == [["22:00", "08:00"], ["12:00", "13:00"]]
    third = seen | {"quiet_from_3": "15:00", "quiet_until_3": "16:00"}
    client.post("/profile/notifications/", third)
    client.post("/profile/notifications/", shown() | {"quiet_from": "", "quiet_until": ""})
    agent.refresh_from_db()
    assert agent.quiet == [["12:00", "13:00"], ["15:00", "16:00"]]
    set_notices(agent=agent, wanted=[], quiet=[["01:00", "02:00"]] * 4)
    assert len(shown()) == 8
    half = client.post("/profile/notifications/", third | {"quiet_until_3": ""})
    assert half.status_code == 400


def test_the_desks_scripts_know_what_is_wanted_and_whether_words_may_be_shown(client):
    shop = make_shop()
    set_notices(agent=shop.elif_, wanted=["message"])

    def settings():
        page = client.get("/console/").content.decode()
        return json.loads(re.search(r'id="settings"[^>]*>(.*?)</script>', page)[1])

    client.force_login(shop.elif_)
    assert settings()["notices"] == ["message"]
    assert settings()["noticeWords"]
    shop.brand.notice_words = False
    shop.brand.save()
    assert not settings()["noticeWords"]
