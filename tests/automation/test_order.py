"""The list of rules, in which they are switched and moved, and the page that reviews them."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, AuditEntry
from automation.models import Rule, Run, Tally
from automation.rules import book
from tests.agents.conftest import boss, boss_client
from tests.support.desk import make_desk, start
from tests.support.factories import make_agent, make_brand, make_role, make_topic
from tests.support.http import Desk

__all__ = ["boss", "boss_client"]

pytestmark = pytest.mark.django_db
LIST = "/admin/automation/rule/"
REVIEW = "/admin/automation/rule/review/"


def order() -> list[tuple[str, str]]:
    return list(Rule.objects.in_order().values_list("group", "name"))


def press(client, row):
    return client.post(LIST, {"row": row, "action": ""})


@pytest.fixture
def rules(rule):
    """Three rules of no group, and two of another."""
    made = [rule(name=name) for name in "abc"]
    return made + [rule(name=name, group="Gece") for name in "xy"]


def test_rules_stand_under_their_groups_and_each_has_its_switch(boss_client, rules):
    page = boss_client.get(LIST)
    groups = page.context_data["groups"]
    assert [(name, [line.rule.name for line in lines]) for name, lines in groups] == [
        ("", ["a", "b", "c"]),
        ("Gece", ["x", "y"]),
    ]
    assert "When a chat or message comes in" in page.content.decode()
    assert press(boss_client, f"trial:{rules[1].pk}").url == LIST
    modes = dict(Rule.objects.values_list("name", "mode"))
    assert modes == {"a": "on", "b": "trial", "c": "on", "x": "on", "y": "on"}


def test_groups_stand_and_run_as_in_a_dictionary_on_every_database(boss_client, rule):
    for number, group in enumerate(("Zam", "Önce", "Çağrı", "acil", "")):
        rule(name=group or "-", group=group, position=number)
    wanted = ["-", "acil", "Çağrı", "Önce", "Zam"]
    assert [ready.rule.name for ready in book.fresh_book().rules] == wanted
    listed = boss_client.get(LIST).context_data["groups"]
    assert [line.rule.name for _group, lines in listed for line in lines] == wanted
    program = Desk(make_agent(role=make_role("admin", scope="all")))
    found = program.get("rules").json()["results"]
    assert [each["name"] for each in found] == wanted


def test_a_rule_is_moved_by_the_buttons_of_its_row(boss_client, rules):
    changed_at = Rule.objects.get(name="a").changed_at
    press(boss_client, f"down:{rules[0].pk}")
    assert order()[:3] == [("", "b"), ("", "a"), ("", "c")]
    press(boss_client, f"up:{rules[2].pk}")
    assert order()[:3] == [("", "b"), ("", "c"), ("", "a")]
    # To be moved, also by others, is not to be changed.
    assert Rule.objects.get(name="a").changed_at == changed_at
    assert AuditEntry.objects.filter(action="rule.moved").count() == 2


def test_a_rule_is_dropped_before_or_behind_another_and_takes_its_group(boss_client, rules):
    a, b, c, x, y = rules
    press(boss_client, f"before:{c.pk}:{a.pk}")
    assert order()[:3] == [("", "c"), ("", "a"), ("", "b")]
    press(boss_client, f"behind:{a.pk}:{x.pk}")
    assert order() == [("", "c"), ("", "b"), ("Gece", "x"), ("Gece", "a"), ("Gece", "y")]
    press(boss_client, f"behind:{b.pk}:{y.pk}")
    assert order()[-1] == ("Gece", "b")
    for nonsense in (f"before:{a.pk}:{a.pk}", f"before:{a.pk}:99999", "up:99999", "fly:x", "up:"):
        assert press(boss_client, nonsense).status_code == 302
    assert order()[-1] == ("Gece", "b")


def test_the_list_asks_no_more_of_the_database_for_more_rules(
    boss_client, rule, django_assert_max_num_queries
):
    topic = str(make_topic(make_brand()).pk)
    told = {
        "all": [{"field": "topic", "operator": "is", "value": topic}],
        "actions": [{"action": "set_topic", "topic": topic}],
    }
    for _ in range(30):
        rule(**told)
    with django_assert_max_num_queries(18):
        assert boss_client.get(LIST).content.decode().count("set the topic") == 30


def test_an_empty_list_says_how_to_begin(boss_client):
    assert "There are no rules yet" in boss_client.get(LIST).content.decode()
    assert "There are no rules yet" not in boss_client.get(f"{LIST}?q=x").content.decode()


def test_the_review_shows_when_rules_act_beside_when_chats_come(boss_client, boss, rule, work_all):
    acting = rule(name="Selam")
    rule(name="Deneme", mode="trial")
    # A Wednesday.
    with time_machine.travel("2026-11-25T14:30:00+03:00", tick=True):
        Rule.objects.update(on_since=timezone.now())
        desk = make_desk()
        start(desk)
        start(desk)
        work_all()
        shown = boss_client.get(REVIEW)
        acted, came = shown.context_data["weeks"]
        assert (acted.total, came.total) == (2, 2)
        assert acted.days[2][1][14].count == came.days[2][1][14].count == 2
        assert acted.busiest == "Most on Wednesday, 14:00 to 15:00."
        other = boss_client.get(REVIEW, {"rule": acting.pk, "days": 7, "months": 3})
        assert other.context_data["weeks"][0].total == 2
        with time_machine.travel("2026-12-24T14:30:00+03:00", tick=True):
            boss_client.force_login(boss)
            later = boss_client.get(REVIEW, {"days": 7, "months": 3})
            assert [week.total for week in later.context_data["weeks"]] == [0, 0]
            assert "Not once in this period." in later.content.decode()
            Agent.objects.filter(pk=boss.pk).update(language="tr")
            turkish = boss_client.get(REVIEW, {"days": 90, "months": 3})
            acted = turkish.context_data["weeks"][0]
            assert acted.busiest == "En çok: Çarşamba, 14:00–15:00."


def test_the_review_names_rules_that_never_acted(boss_client, rule, work_all):
    idle = rule(name="Dar", all=[{"field": "language", "operator": "is", "value": "en"}])
    rule(name="Kapalı", mode="off")
    tried = rule(name="Deneme", mode="trial")
    acted = rule(name="Çalışan")
    start(make_desk())
    work_all()
    assert {run.rule_id for run in Run.objects.all()} == {tried.pk, acted.pk}
    Tally.objects.all().delete()
    Tally.objects.create(rule=idle, day=timezone.localdate(), looked=7)
    page = boss_client.get(REVIEW)
    assert [each.name for each in page.context_data["idle"]] == ["Dar"]
    assert "looked 7 times, never acted" in page.content.decode()


def test_the_review_names_rules_that_nobody_has_changed_for_months(boss_client, rule):
    old, older, new = rule(name="Eski"), rule(name="Daha eski"), rule(name="Yeni")
    for each, days in ((old, 200), (older, 400), (new, 100)):
        changed_at = timezone.now() - timedelta(days=days)
        Rule.objects.filter(pk=each.pk).update(changed_at=changed_at)

    def named(**chosen):
        return [each.name for each in boss_client.get(REVIEW, chosen).context_data["untouched"]]

    assert named() == ["Daha eski", "Eski"]
    assert named(days=30, months=12) == ["Daha eski"]
    assert named(days=30, months="x") == ["Daha eski", "Eski"]


def test_the_list_reminds_of_rules_that_nobody_has_changed_for_half_a_year(boss_client, rule):
    def reminded():
        return re.findall(r"(\d+ rules? [^<]*) · <a href=\"([^\"]*)", page())

    def page():
        return boss_client.get(LIST).content.decode()

    for days in (200, 400, 100):
        each = rule(name=f"Kural {days}")
        changed_at = timezone.now() - timedelta(days=days)
        Rule.objects.filter(pk=each.pk).update(changed_at=changed_at)
    assert reminded() == [("2 rules have not been touched for 6 months", f"{REVIEW}#untouched")]
    Agent.objects.update(language="tr")
    assert "2 kurala 6 aydır dokunulmadı" in page()
    Agent.objects.update(language="en")
    Rule.objects.update(changed_at=timezone.now())
    assert reminded() == []


def test_only_those_who_administer_review_rules(client):
    assert client.get(reverse("admin:automation_review")).status_code == 302
