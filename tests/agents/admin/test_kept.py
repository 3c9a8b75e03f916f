"""What others name is not deleted, and the page says in words why, and what to do instead."""

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.access import access_of
from agents.models import Brand, BreakReason, Permission, Status, StatusInterval, Team, Topic
from agents.operations.statuses import set_status
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)

pytestmark = pytest.mark.django_db


def asked(client, obj):
    """What the page of deleting one row says, asked and told to do it."""
    url = reverse(f"admin:agents_{obj._meta.model_name}_delete", args=[obj.pk])
    answers = client.get(url), client.post(url, {"post": "yes"})
    return [answer.content.decode() for answer in answers]


def asked_in_the_list(client, *rows):
    """The same of the list's action."""
    url = reverse(f"admin:agents_{rows[0]._meta.model_name}_changelist")
    wish = {"action": "delete_selected", "_selected_action": [row.pk for row in rows]}
    answers = client.post(url, wish), client.post(url, wish | {"post": "yes"})
    return [answer.content.decode() for answer in answers]


def test_what_chats_tickets_and_breaks_name_is_not_deleted_and_what_nothing_names_is(boss_client):
    brand, team = make_brand(), make_team(name="Satış")
    topic = make_topic(brand, name_en="Returns")
    make_conversation(make_visitor(brand), topic=topic, team=team, status="resolved")
    reason = BreakReason.objects.create(name_tr="Yemek", name_en="Food")
    set_status(
        agent=make_agent(online=True), status=Status.BREAK, reason=reason, by=None,
        now=timezone.now(),
    )  # fmt: skip
    for row, name in ((topic, "Returns"), (team, "Satış"), (reason, "Food")):
        unnamed = type(row).objects.get(pk=row.pk)
        unnamed.pk = None
        if isinstance(unnamed, Team):
            unnamed.name = "Other"
        unnamed.save(force_insert=True)
        for page in (*asked(boss_client, row), *asked_in_the_list(boss_client, unnamed, row)):
            assert f"“{name}” is not deleted" in page
            assert "Yes, I’m sure" not in page
        assert type(row).objects.filter(pk__in=[row.pk, unnamed.pk]).count() == 2
        asked_in_the_list(boss_client, unnamed)
        assert list(type(row).objects.all()) == [row]
    assert (Topic.objects.get(), Team.objects.get()) == (topic, team)
    assert StatusInterval.objects.get(ended_at=None, status="break").reason == reason


def test_a_brand_that_bounds_a_role_is_not_deleted_before_the_role_is_changed(boss_client):
    brand, other = make_brand(name="Pazar"), make_brand()
    role = make_role(Permission.CHAT, name="Pazar ekibi", brands=(brand,))
    agent = make_agent(role=role)
    for page in asked(boss_client, brand):
        assert "“Pazar” is not deleted: these roles hold for it: Pazar ekibi." in page
    assert access_of(agent).brand_ids() == {brand.pk}
    role.brands.set([other])
    asked(boss_client, brand)
    assert list(Brand.objects.all()) == [other]
    assert access_of(agent).brand_ids() == {other.pk}
