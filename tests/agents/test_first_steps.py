"""What the administration asks for first."""

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from agents.models import (
    Agent,
    Device,
)
from agents.operations.hours import set_hours
from automation.models import Rehearsal, Rule
from automation.rules.recipes import install_recipe, texts_in_use
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_team,
    make_topic,
    make_visitor,
)
from tickets.models import Mailbox

pytestmark = pytest.mark.django_db


def test_the_index_says_what_to_do_first_until_it_is_done(boss_client, boss):
    def todo():
        found = boss_client.get("/admin/").context["first_steps"]
        return [(str(step.label), step.url) for step in found if not step.is_done]

    add = "admin:agents_{}_add".format
    rules = reverse("admin:automation_rule_changelist")
    mailbox = reverse(add("mailbox").replace("agents", "tickets"))
    phone = reverse("agents:profile") + "#notifications"
    rehearsal = reverse("admin:automation_rehearsal_changelist")
    report = reverse("reports")
    cache.delete("report.opened")
    assert [url for _label, url in todo()] == [
        *(reverse(add("brand")), reverse(add("brand")), reverse(add("team"))),
        *(reverse(add("brand")), reverse(add("topic")), reverse(add("invitation"))),
        *(reverse(add("brand")), mailbox, rules, phone, rehearsal, report),
    ]
    brand, team = make_brand(allowed_origins=[]), make_team()
    change = reverse("admin:agents_brand_change", args=[brand.pk])
    hours = reverse("admin:agents_brand_hours", args=[brand.pk])
    mailbox += f"?brand={brand.pk}"
    assert [url for _label, url in todo()] == [
        *(change, change, reverse(add("topic")), reverse(add("invitation"))),
        *(hours, mailbox, rules, phone, rehearsal, report),
    ]
    make_topic(brand, team)
    make_agent()
    assert [url for _label, url in todo()] == [
        change,
        change,
        hours,
        mailbox,
        rules,
        phone,
        rehearsal,
        report,
    ]
    Agent.objects.filter(pk=boss.pk).update(language="tr")
    assert "İlk adımlar" in boss_client.get("/admin/").content.decode()
    brand.allowed_origins, brand.default_team = ["https://a.example"], team
    brand.save()
    set_hours(owner=brand, week=None, dates=[], by=boss, now=timezone.now())
    Mailbox.objects.create(brand=brand, address="a@b.example")
    assert [url for _label, url in todo()] == [rules, phone, rehearsal, report]
    boss_client.get(report)
    assert [url for _label, url in todo()] == [rules, phone, rehearsal]
    mode, texts = Rule.Mode.ON, texts_in_use("everyone-busy", None)
    install_recipe(name="everyone-busy", mode=mode, texts=texts, by=boss, now=timezone.now())
    assert [url for _label, url in todo()] == [phone, rehearsal]
    Device.objects.create(agent=boss, address={"token": "x"})
    assert [url for _label, url in todo()] == [rehearsal]
    chat = make_conversation(make_visitor(brand))
    Rehearsal.objects.create(agent=boss, brand=brand, conversation=chat, state="done")
    assert boss_client.get("/admin/").context["first_steps"] == []
