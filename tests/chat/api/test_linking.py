"""Customers of chats over the desk's API: suggested, linked, back again, somebody else."""

from typing import Any

import pytest
from django.utils import timezone

from agents.models import AuditEntry
from tests.support.factories import make_brand, make_conversation, make_team, make_visitor
from tests.support.http import Desk, Shop, cid
from tests.support.tickets import opened
from tickets.models import Contact
from tickets.operations.contacts import create_contact

pytestmark = pytest.mark.django_db

EMAIL = "zeynep@example.com"


def known(shop: Shop, name: str = "Zeynep Ak", email: str = EMAIL, **more: Any) -> Contact:
    contact = create_contact(name=name, email=email, language="tr", now=timezone.now(), **more)
    opened(shop.brand, f"Konu {name}", contact=contact)
    return contact


def chat_of(shop: Shop, **visitor: Any) -> str:
    made = make_visitor(shop.brand, **({"email": EMAIL} | visitor))
    return make_conversation(made, assignee=shop.elif_, status="active").public_id


def suggested(desk: Desk, path: str) -> list[dict[str, str]]:
    answer: list[dict[str, str]] = desk.get(path).json()["suggestions"]
    return answer


def test_who_may_be_a_customer_is_suggested_linked_and_unlinked(desk: Desk, shop: Shop) -> None:
    contact, chat = known(shop, is_email_verified=True), chat_of(shop)
    one = {"contact": str(contact.pk), "name": "Zeynep Ak", "because": "email"}
    assert suggested(desk, f"conversations/{chat}") == [one]
    for _ in range(2):
        answer = desk.post(f"contacts/{contact.pk}/link", {"conversation": chat})
        assert answer.status_code == 200
    assert suggested(desk, f"conversations/{chat}") == []
    assert {row["kind"] for row in answer.json()["timeline"]} == {"chat", "ticket"}
    (browser,) = [each for each in answer.json()["identities"] if each["linked"]]
    assert (browser["kind"], desk.get(f"conversations/{chat}").json()["contact"]) == (
        "visitor",
        str(contact.pk),
    )
    path = f"contacts/{contact.pk}/identities/{browser['id']}"
    back = desk.call("DELETE", path)
    assert [row["kind"] for row in back.json()["timeline"]] == ["ticket"]
    assert desk.call("DELETE", path).status_code == 404
    assert suggested(desk, f"conversations/{chat}") == [one]
    acts = list(AuditEntry.objects.filter(action__startswith="contact.").order_by("pk"))
    assert [each.action for each in acts] == ["contact.linked", "contact.unlinked"]


def test_a_browser_is_linked_by_its_identity_too(desk: Desk, shop: Shop) -> None:
    contact, chat = known(shop), chat_of(shop)
    answer = desk.post(f"conversations/{chat}/convert", {"email": EMAIL})
    own = str(desk.get(f"tickets/{answer.json()['ticket']}").json()["requester"]["contact"])
    browser = next(
        each["id"]
        for each in desk.get(f"contacts/{own}").json()["identities"]
        if each["kind"] == "visitor"
    )
    linked = desk.post(f"contacts/{contact.pk}/link", {"identity": browser})
    assert linked.status_code == 200
    assert desk.get(f"conversations/{chat}").json()["contact"] == str(contact.pk)
    assert desk.get(f"contacts/{own}").status_code == 404


def test_somebody_else_is_said_once(desk: Desk, shop: Shop) -> None:
    contact, chat = known(shop), chat_of(shop)
    answer = desk.post(f"contacts/{contact.pk}/dismiss", {"conversation": chat})
    assert answer.status_code == 204
    assert suggested(desk, f"conversations/{chat}") == []
    ticket = desk.post(f"conversations/{chat}/convert", {"email": EMAIL}).json()["ticket"]
    for path in (f"tickets/{ticket}", f"contacts/{contact.pk}"):
        assert suggested(desk, path) == []


def test_tickets_of_people_with_one_address_name_each_other(desk: Desk, shop: Shop) -> None:
    first, second = known(shop, "Zeynep"), known(shop, "Ayşe")
    listed = desk.get("tickets").json()["results"]
    assert {row["requester"]["name"]: row["suggestions"] for row in listed} == {
        "Zeynep": [{"contact": str(second.pk), "name": "Ayşe", "because": "email"}],
        "Ayşe": [{"contact": str(first.pk), "name": "Zeynep", "because": "email"}],
    }


def test_an_address_that_is_only_claimed_is_linked_and_back_and_a_proven_one_is_not(
    desk: Desk, shop: Shop
) -> None:
    contact = known(shop)
    other = known(shop, "Z", "zeynep@work.example", phone="05320001122")
    proven = known(shop, "Y", "y@example.com", is_email_verified=True)
    number = other.identities.get(kind="phone")
    path = f"contacts/{contact.pk}"
    answer = desk.post(f"{path}/link", {"identity": str(number.pk)})
    assert "+905320001122" in [each["value"] for each in answer.json()["identities"]]
    assert not other.identities.filter(kind="phone").exists()
    back = desk.call("DELETE", f"{path}/identities/{number.pk}")
    assert (back.status_code, other.identities.filter(kind="phone").count()) == (200, 1)
    own = contact.identities.get(kind="email").pk
    for method, call, body in (
        ("POST", f"{path}/link", {"identity": str(proven.identities.get().pk)}),
        ("DELETE", f"{path}/identities/{own}", None),
    ):
        refused = desk.call(method, call, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "not_linked")


def test_nothing_foreign_is_linked(desk: Desk, shop: Shop) -> None:
    contact, chat = known(shop), chat_of(shop)
    theirs = create_contact(name="Gizli", email=EMAIL, language="tr", now=timezone.now())
    opened(make_brand(), contact=theirs, team=make_team())
    foreign = make_conversation(make_visitor(make_brand())).public_id
    assert desk.post(f"contacts/{theirs.pk}/link", {"conversation": chat}).status_code == 404
    for body, status in (
        ({"conversation": foreign}, 404),
        ({"identity": str(theirs.identities.get().pk)}, 404),
        ({"identity": "x"}, 404),
        ({}, 400),
        ({"conversation": chat, "identity": "1"}, 400),
    ):
        answer = desk.post(f"contacts/{contact.pk}/link", body)
        assert answer.status_code == status, body
    assert "Gizli" not in desk.get(f"conversations/{chat}").content.decode()


def test_a_customer_is_corrected_and_noted_about(desk: Desk, shop: Shop) -> None:
    contact = known(shop, is_email_verified=True)
    path = f"contacts/{contact.pk}"
    changes = {"name": "Zeynep Işık", "email": "yeni@example.com", "phone": "0532 000 11 22"}
    answer = desk.call("PATCH", path, changes).json()
    assert (answer["name"], answer["email"], answer["is_email_verified"]) == (
        "Zeynep Işık",
        "yeni@example.com",
        False,
    )
    assert [row["id"] for row in desk.get("contacts?q=isik").json()["results"]] == [str(contact.pk)]
    # The address that was proven still is.
    assert desk.call("PATCH", path, {"email": EMAIL}).json()["is_email_verified"] is True
    body = {"cid": cid(), "text": "Sabah aranmaz"}
    first, again = (desk.post(f"{path}/notes", body) for _ in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    assert desk.get(path).json()["timeline"][0]["title"] == "Sabah aranmaz"
    for bad in ({"email": "nobody"}, {"name": "x" * 121}, {"language": "xx"}, {"search": "x"}):
        assert desk.call("PATCH", path, bad).status_code == 400, bad


def test_of_two_customers_it_is_said_once_and_holds_in_chats_too(desk: Desk, shop: Shop) -> None:
    first, second = known(shop, "Zeynep"), known(shop, "Ayşe")
    chat = chat_of(shop)
    desk.post(f"contacts/{first.pk}/link", {"conversation": chat})
    for body in ({}, {"contact": str(second.pk), "conversation": chat}):
        assert desk.post(f"contacts/{first.pk}/dismiss", body).status_code == 400
    assert desk.post(f"contacts/{first.pk}/dismiss", {"contact": "0"}).status_code == 404
    for _ in range(2):
        answer = desk.post(f"contacts/{first.pk}/dismiss", {"contact": str(second.pk)})
        assert answer.status_code == 204
    for path in (f"contacts/{first.pk}", f"contacts/{second.pk}", f"conversations/{chat}"):
        assert suggested(desk, path) == []
