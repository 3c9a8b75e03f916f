"""Wherever people choose or read names, these stand as in a Turkish dictionary."""

import re
from collections.abc import Iterable

import pytest
from django.test import Client

from agents.models import Agent, Brand, Permission
from automation.rules.fields import FIELDS
from reports.wall import snapshot as wall
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tickets.queries.choices import team_choices, topic_choices

pytestmark = pytest.mark.django_db

IN_ORDER = ["Cem", "Çınar", "Irmak", "İnci", "Şule", "Zeki"]
PAGES = {
    "/admin/agents/brand/": ("marka",),
    "/admin/agents/role/": ("rol",),
    "/admin/agents/topic/": ("konu",),
    "/admin/agents/team/add/": ("rol", "Kaya"),
    "/admin/agents/agent/{boss}/change/": ("rol", "takım"),
    "/admin/tickets/mailbox/add/": ("marka",),
    "/admin/automation/rehearsal/": ("marka",),
    "/admin/automation/rule/replies/": ("marka",),
    "/admin/automation/rule/add/": ("marka",),
    "/console/tickets/": ("marka",),
    "/console/tickets/new/": ("marka",),
    "/reports/agents/": ("marka", "takım", "Kaya"),
    "/console/wallboard/board/": ("Kaya",),
}


@pytest.fixture
def reader(client: Client) -> Client:
    """One who may do everything, where rows of these names were made from the last to the first."""
    for name in reversed(IN_ORDER):
        brand = make_brand(name=f"{name} marka")
        make_topic(brand, make_team(name=f"{name} takım"), name_en=f"{name} konu")
        make_agent(role=make_role(name=f"{name} rol"), name=f"{name} Kaya", online=True)
    boss = make_agent(role=make_role(*Permission.values), name="Ayşe", language="en", is_staff=True)
    client.force_login(boss)
    wall.forget()
    return client


def test_names_stand_in_the_order_of_the_alphabet_on_every_page(reader: Client) -> None:
    boss = Agent.objects.get(name="Ayşe").pk
    for address, kinds in PAGES.items():
        page = reader.get(address.format(boss=boss)).content.decode()
        for kind in kinds:
            found = dict.fromkeys(re.findall(rf"(\w+) {kind}\b", page))
            assert list(found) == IN_ORDER, (address, kind)


@pytest.mark.parametrize("name", ["brand", "topic", "team", "assignee"])
def test_what_a_rule_can_name_is_offered_in_the_order_of_the_alphabet(
    reader: Client, name: str
) -> None:
    rows = FIELDS[name].rows
    assert rows is not None
    assert in_order(label for _key, label in rows())


def test_a_ticket_is_offered_teams_and_brands_topics_in_the_order_of_the_alphabet(
    reader: Client,
) -> None:
    assert in_order(name for _key, name in team_choices())
    assert in_order(topic_choices(list(Brand.objects.values_list("pk", flat=True))))


def test_the_api_names_brands_in_the_order_of_the_alphabet(reader: Client) -> None:
    assert in_order(brand["name"] for brand in reader.get("/api/v1/brands").json())


def in_order(labels: Iterable[str]) -> bool:
    found = dict.fromkeys(label.split()[0] for label in labels)
    return [name for name in found if name in IN_ORDER] == IN_ORDER
