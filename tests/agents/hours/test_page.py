"""The administration's page of business hours, of a brand and of a team."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agents.first_steps import first_steps
from agents.models import Brand, HoursDate, HoursWeek
from agents.queries.hours import hours_of
from tests.support.factories import make_agent, make_brand, make_team

pytestmark = pytest.mark.django_db

CLOSED = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "")


@pytest.fixture
def brand() -> Brand:
    return make_brand(name="Pazar34", time_zone="Europe/Istanbul", default_language="tr")


def _week(brand: Brand) -> dict[str, list[list[str]]]:
    week = hours_of(brand, now=timezone.now()).week
    assert week is not None
    return week


def test_a_week_is_typed_as_people_write_it(boss_client: Client, brand: Brand) -> None:
    url = f"/admin/agents/brand/{brand.pk}/hours/"
    assert "checked" in boss_client.get(url).content.decode()
    typed = {"when": "week", "mon": "9-12.30, 13:30 – 18", "fri": "22:00-02:00", "sun": "0-24"}
    answer = boss_client.post(url, CLOSED | typed | {"dates": ""}, follow=True)
    assert _week(brand)["mon"] == [["09:00", "12:30"], ["13:30", "18:00"]]
    assert _week(brand)["fri"] == [["22:00", "02:00"]]
    assert _week(brand)["sun"] == [["00:00", "24:00"]]
    assert _week(brand)["tue"] == []
    page = answer.content.decode()
    assert 'value="09:00-12:30, 13:30-18:00"' in page
    # Public holidays come along, and what a visitor reads on them.
    assert HoursDate.objects.current().of(brand).filter(holiday=True).exists()
    assert page.count("<tr>") > 365


def test_what_is_wrong_is_told_beside_its_day_and_stays_typed(
    boss_client: Client, brand: Brand
) -> None:
    url = f"/admin/agents/brand/{brand.pk}/hours/"
    typed = {"when": "week", "mon": "9-25", "tue": "9-12, 11-14", "dates": "32.1.2027\n1.2.2027 x"}
    page = boss_client.post(url, CLOSED | typed).content.decode()
    assert "Write times like 09:00." in page
    assert "Overlaps another interval of this day." in page
    assert "Line 1: There is no such date. Write it like 31.12.2026." in page
    assert 'value="9-25"' in page
    assert "32.1.2027" in page
    assert not HoursWeek.objects.exists()


def test_dates_that_differ_are_lines_that_can_be_changed(boss_client: Client, brand: Brand) -> None:
    url = f"/admin/agents/brand/{brand.pk}/hours/"
    day = timezone.now().date() + timedelta(days=40)
    line = f"{day:%d.%m.%Y} 09:00-13:00, 14-16 Inventory"
    boss_client.post(url, CLOSED | {"when": "week", "mon": "9-18", "dates": line})
    row = HoursDate.objects.current().of(brand).get(date=day)
    assert (row.open, row.name) == ([["09:00", "13:00"], ["14:00", "16:00"]], "Inventory")
    assert f"{day:%d.%m.%Y} 09:00-13:00, 14:00-16:00 Inventory" in (
        boss_client.get(url).content.decode()
    )


def test_a_team_may_have_hours_of_its_own_or_its_brands(boss_client: Client) -> None:
    team = make_team()
    url = f"/admin/agents/team/{team.pk}/hours/"
    boss_client.post(url, CLOSED | {"when": "week", "sat": "10-16", "dates": ""})
    assert hours_of(team, now=timezone.now()).is_own
    assert url in boss_client.get(f"/admin/agents/team/{team.pk}/change/").content.decode()
    boss_client.post(url, CLOSED | {"when": "brand", "dates": ""})
    assert not hours_of(team, now=timezone.now()).is_own


def test_a_week_stays_written_while_it_does_not_hold(boss_client: Client, brand: Brand) -> None:
    url, now = f"/admin/agents/brand/{brand.pk}/hours/", timezone.now()
    boss_client.post(url, CLOSED | {"when": "week", "mon": "9-18", "dates": ""})
    boss_client.post(url, CLOSED | {"when": "always", "mon": "09:00-18:00", "dates": ""})
    assert hours_of(brand, now=now).week is None
    assert 'value="09:00-18:00"' in boss_client.get(url).content.decode()
    # Also one that is typed while it does not hold; and nothing is open or closed by it.
    boss_client.post(url, CLOSED | {"when": "always", "tue": "10-12", "dates": ""})
    page = boss_client.get(url).content.decode()
    assert 'value="10:00-12:00"' in page
    assert 'value="09:00-18:00"' not in page
    assert hours_of(brand, now=now).week is None
    boss_client.post(url, CLOSED | {"when": "week", "tue": "10:00-12:00", "dates": ""})
    assert _week(brand)["tue"] == [["10:00", "12:00"]]
    team = make_team()
    url = f"/admin/agents/team/{team.pk}/hours/"
    boss_client.post(url, CLOSED | {"when": "week", "sat": "10-16", "dates": ""})
    boss_client.post(url, CLOSED | {"when": "brand", "sat": "10:00-16:00", "dates": ""})
    assert 'value="10:00-16:00"' in boss_client.get(url).content.decode()


def test_only_admins_get_there(brand: Brand) -> None:
    client = Client()
    client.force_login(make_agent())
    assert client.get(f"/admin/agents/brand/{brand.pk}/hours/").status_code in {302, 403}


def test_the_first_steps_ask_for_hours_until_somebody_said_how_it_is_open(
    boss_client: Client, brand: Brand
) -> None:
    def is_done() -> bool:
        return next(step.is_done for step in first_steps() if "hours" in step.url)

    assert not is_done()
    boss_client.post(
        f"/admin/agents/brand/{brand.pk}/hours/", CLOSED | {"when": "always", "dates": ""}
    )
    assert is_done()
