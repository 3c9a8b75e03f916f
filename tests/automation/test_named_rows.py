"""Rules go on with what they name: a renamed tag, a topic, team or agent that goes or comes."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from agents.models import Tag
from agents.operations import disable_agent, enable_agent
from automation.models import Rule
from automation.rules.book import fresh_book
from tests.agents.conftest import boss, boss_client
from tests.automation.talk import tags
from tests.support.desk import make_desk, start
from tests.support.factories import make_agent, make_role, make_team, make_topic

__all__ = ["boss", "boss_client"]

pytestmark = pytest.mark.django_db


def test_rules_go_on_with_a_tag_that_is_renamed(boss_client, rule, work_all):
    Tag.objects.create(name="vip", folded="vip")
    tagged = {"field": "tag", "operator": "is", "value": "VIP"}
    other = {"field": "tag", "operator": "is", "value": "iade"}
    word = {"field": "text", "operator": "contains", "value": "vip"}
    add = {"action": "add_tag", "tag": "vip"}
    rule(actions=[add])
    asks = rule(
        all=[{"any": [{"all": [tagged, word]}, other]}],
        any=[tagged],
        when="updated",
        subject="both",
        actions=[add, {"action": "remove_tag", "tag": "iade"}],
    )
    tag = Tag.objects.get()
    answer = boss_client.post(f"/admin/agents/tag/{tag.pk}/change/", {"name": "VIP müşteri"})
    assert answer.status_code == 302
    work_all()
    asks.refresh_from_db()
    renamed = tagged | {"value": "VIP müşteri"}
    assert asks.all == [{"any": [{"all": [renamed, word]}, other]}]
    assert asks.any == [renamed]
    assert [told["tag"] for told in asks.actions] == ["VIP müşteri", "iade"]
    chat = start(make_desk())
    work_all()
    assert tags(chat) == {"VIP müşteri"}
    assert Tag.objects.get() == tag


def test_another_spelling_of_a_tag_changes_no_rule(boss_client, rule, work_all):
    tag = Tag.objects.create(name="iade", folded="iade")
    made = rule(actions=[{"action": "add_tag", "tag": "iade"}])
    boss_client.post(f"/admin/agents/tag/{tag.pk}/change/", {"name": "İade"})
    work_all()
    assert Rule.objects.get(pk=made.pk).actions == made.actions
    assert Tag.objects.get().name == "İade"


def is_usable(rule: Rule) -> bool:
    [ready] = [each for each in fresh_book().rules if each.rule.pk == rule.pk]
    return not ready.missing


def switch(boss_client, topic, *, on: bool) -> None:
    told = {"brand": topic.brand_id, "name_tr": topic.name_tr, "name_en": topic.name_en}
    told |= {"ticket_type": topic.ticket_type, "position": topic.position, "is_public": "on"}
    told |= {"is_active": "on"} if on else {}
    saved = boss_client.post(f"/admin/agents/topic/{topic.pk}/change/", told)
    assert saved.status_code == 302, saved.context["adminform"].form.errors


def test_a_rule_rests_while_its_topic_is_switched_off(boss_client, rule, work_all):
    desk = make_desk()
    asks = rule(all=[{"field": "topic", "operator": "is_not", "value": str(desk.topic.pk)}])
    assert is_usable(asks)
    for on in (False, True):
        switch(boss_client, desk.topic, on=on)
        work_all()
        assert is_usable(asks) is on


def test_a_rule_rests_once_its_team_is_deleted_and_while_its_agent_may_not_sign_in(
    boss_client, boss, rule, work_all
):
    team, agent = make_team(), make_agent(role=make_role())
    moves = rule(actions=[{"action": "set_team", "team": str(team.pk)}])
    gives = rule(actions=[{"action": "assign", "agent": agent.public_id}])
    assert is_usable(moves)
    deleted = boss_client.post(f"/admin/agents/team/{team.pk}/delete/", {"post": "yes"})
    assert deleted.status_code == 302
    disable_agent(agent=agent, by=boss, now=timezone.now())
    work_all()
    assert (is_usable(moves), is_usable(gives)) == (False, False)
    enable_agent(agent=agent, by=boss)
    work_all()
    assert is_usable(gives)


def test_a_time_rule_goes_on_with_chats_that_were_there_while_it_rested(
    boss_client, rule, work_all
):
    desk = make_desk()
    topic = make_topic(desk.brand, desk.team)
    rule(
        when="time",
        after={"since": "created", "minutes": 10},
        all=[{"field": "topic", "operator": "is_not", "value": str(topic.pk)}],
        actions=[{"action": "add_tag", "tag": "uzun"}],
    )
    chat = start(desk)
    work_all()
    begin = timezone.now()
    for minutes, on in ((5, False), (15, True), (25, True)):
        with time_machine.travel(begin + timedelta(minutes=minutes), tick=False):
            work_all()
            if minutes < 25:
                switch(boss_client, topic, on=on)
                work_all()
            assert tags(chat) == ({"uzun"} if minutes == 25 else set())
