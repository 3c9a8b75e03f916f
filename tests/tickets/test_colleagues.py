"""A customer whom colleagues answer, too, where an agent may not read."""

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Brand
from chat.models import Conversation
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_visitor,
)
from tests.support.http import Desk
from tests.support.tickets import opened
from tickets.models import Contact, Ticket
from tickets.operations.contacts import create_contact
from tickets.operations.merging import merge_contacts, undo_merge
from tickets.rights import CustomerNotAuthorised

pytestmark = pytest.mark.django_db

REFUSED = "tickets or chats that you may not see"


@pytest.fixture
def brand(elif_: Agent, mert: Agent) -> Brand:
    return make_brand(default_team=make_team(elif_, mert))


@pytest.fixture
def elif_() -> Agent:
    return make_agent(role=make_role(scope="own"), language="en")


@pytest.fixture
def mert() -> Agent:
    return make_agent(role=make_role(scope="own"), language="en")


@pytest.fixture
def zeynep(brand: Brand, mert: Agent) -> Contact:
    return known(brand, mert, "zeynep@example.com")


def known(brand: Brand, agent: Agent, email: str) -> Contact:
    contact = create_contact(
        name="Zeynep", email=email, phone="0532 000 11 22", language="tr", now=timezone.now()
    )
    opened(brand, contact=contact, assignee=agent)
    return contact


def colleague_answers(way: str, contact: Contact, brand: Brand, colleague: Agent) -> None:
    if way == "ticket":
        made = opened(brand, contact=contact, assignee=colleague)
        Ticket.objects.filter(pk=made.pk).update(status=Ticket.Status.RESOLVED)
    else:
        visitor = make_visitor(brand, contact=contact)
        make_conversation(visitor, contact=contact, assignee=colleague, status="active")


def shown(agent: Agent, path: str, status: int = 200) -> str:
    client = Client()
    client.force_login(agent)
    answer = client.get(f"/console/{path}")
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.parametrize("way", ["ticket", "chat"])
def test_who_sees_a_part_of_a_customer_does_not_lead_colleagues_answers_elsewhere(
    brand, elif_, mert, zeynep, way
):
    desk, path = Desk(mert), f"contacts/{zeynep.pk}"
    assert desk.call("PATCH", path, {"phone": "0532 999 88 77"}).status_code == 200
    colleague_answers(way, zeynep, brand, elif_)
    for wish in ({"email": "mert@evil.example"}, {"phone": "0555 000 00 00", "name": "Zeyno"}):
        refused = desk.call("PATCH", path, wish)
        errors = refused.json()["errors"]
        assert (refused.status_code, list(errors)) == (400, list(wish)[:1])
        assert REFUSED in next(iter(errors.values()))
    # What they are called is nobody's secret way.
    assert desk.call("PATCH", path, {"name": "Zeynep Ak"}).status_code == 200
    dialog = shown(mert, f"contacts/{zeynep.pk}/edit/")
    assert dialog.count("disabled") == dialog.count(REFUSED) == 2
    client = Client()
    client.force_login(mert)
    form = {"name": "Z. Ak", "email": "mert@evil.example", "phone": "", "language": "tr"}
    client.post(f"/console/contacts/{zeynep.pk}/edit/", form | {"cid": "c1"})
    zeynep.refresh_from_db()
    assert (zeynep.name, zeynep.email) == ("Z. Ak", "zeynep@example.com")


def test_a_chat_that_is_over_stands_in_nobodys_way(brand, elif_, mert, zeynep):
    colleague_answers("chat", zeynep, brand, elif_)
    Conversation.objects.update(status="resolved", resolved_at=timezone.now())
    wish = {"email": "zeynep@example.org"}
    assert Desk(mert).call("PATCH", f"contacts/{zeynep.pk}", wish).status_code == 200


def test_in_a_chat_only_what_is_the_agents_to_correct_is_offered(brand, elif_, mert, zeynep):
    visitor = make_visitor(brand, contact=zeynep)
    chat = make_conversation(visitor, contact=zeynep, assignee=mert, status="active")
    path = f"chats/{chat.public_id}/customer/"
    assert REFUSED not in shown(mert, path)
    colleague_answers("ticket", zeynep, brand, elif_)
    assert shown(mert, path).count(REFUSED) == 2


def test_nor_is_such_a_customer_made_another_one(brand, elif_, mert, zeynep):
    own = known(brand, mert, "mert@evil.example")
    assert "/merge/" in shown(mert, f"contacts/{own.pk}/")
    merge = merge_contacts(survivor=own, other=zeynep, keep={}, by=mert, now=timezone.now())
    undo_merge(merge=merge, by=mert, now=timezone.now())
    colleague_answers("ticket", zeynep, brand, elif_)
    refused = Desk(mert).post(f"contacts/{own.pk}/merge", {"other": str(zeynep.pk)})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["other"])
    for first, second in ((own, zeynep), (zeynep, own)):
        with pytest.raises(CustomerNotAuthorised):
            merge_contacts(survivor=first, other=second, keep={}, by=mert, now=timezone.now())
    shown(mert, f"contacts/{zeynep.pk}/merge/", status=404)
    assert "/merge/" not in shown(mert, f"contacts/{zeynep.pk}/")
    # Whom it is about is said where a suggestion leads.
    assert REFUSED in shown(mert, f"contacts/{own.pk}/merge/?other={zeynep.pk}", status=409)
    found = shown(mert, f"contacts/{own.pk}/merge/?who=Zeynep")
    assert f"?other={zeynep.pk}" not in found
    # Who sees all of both may.
    boss = make_agent(role=make_role(scope="all"))
    merge_contacts(survivor=own, other=zeynep, keep={}, by=boss, now=timezone.now())
    assert set(Ticket.objects.values_list("contact", flat=True)) == {own.pk}
