"""Rules go on with what they name: a renamed tag, a topic, team or agent that goes or comes."""

import pytest

from agents.models import Tag
from automation.models import Rule
from tests.agents.conftest import boss, boss_client
from tests.automation.talk import tags
from tests.support.desk import make_desk, start

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
