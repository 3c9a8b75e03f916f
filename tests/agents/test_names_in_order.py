"""Wherever people choose or read names, these stand as in a Turkish dictionary."""

import re

import pytest
from django.test import Client

from agents.models import Permission
from automation.rules.registry import FIELDS
from reports.wall import snapshot as wall
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic

pytestmark = pytest.mark.django_db

IN_ORDER = ["Cem", "Çınar", "Irmak", "İnci", "Şule", "Zeki"]
PAGES = {
    "/admin/agents/brand/": ("marka",),
    "/admin/agents/role/": ("rol",),
    "/admin/agents/topic/": ("konu",),
    "/admin/agents/team/add/": ("rol", "Kaya"),
    "/admin/agents/agent/add/": ("rol", "takım"),
    "/admin/tickets/mailbox/add/": ("marka",),
    "/admin/automation/rehearsal/": ("marka",),
    "/admin/automation/rule/replies/": ("marka",),
    "/admin/automation/rule/add/": ("marka",),
    "/console/tickets/": ("marka", "takım", "Kaya"),
    "/console/tickets/new/": ("marka",),
    "/reports/agents/": ("marka", "takım", "Kaya"),
    "/wallboard/board/": ("Kaya",),
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
    for address, kinds in PAGES.items():
        page = reader.get(address).content.decode()
        for kind in kinds:
            found = dict.fromkeys(re.findall(rf"(\w+) {kind}\b", page))
            assert list(found) == IN_ORDER, (address, kind)


@pytest.mark.parametrize("name", ["brand", "topic", "team", "assignee"])
def test_what_a_rule_can_name_is_offered_in_the_order_of_the_alphabet(
    reader: Client, name: str
) -> None:
    rows = FIELDS[name].rows
    assert rows is not None
    found = dict.fromkeys(label.split()[0] for _key, label in rows())
    assert [label for label in found if label in IN_ORDER] == IN_ORDER
