"""The ticket desk over HTTP."""

import uuid
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Permission, Role
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tests.support.http import Desk
from tickets.models import Delivery, Entry, Ticket
from tickets.operations.contacts import create_contact
from tickets.operations.entries import Said
from tickets.operations.tickets import open_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def elif_() -> Any:
    return make_agent(role=make_role(scope=Role.Scope.TEAM), name="Elif", online=True)


@pytest.fixture
def team(elif_: Any) -> Any:
    return make_team(elif_)


@pytest.fixture
def brand(team: Any) -> Any:
    return make_brand(default_team=team)


@pytest.fixture
def desk(elif_: Any, brand: Any) -> Desk:
    return Desk(elif_)


@pytest.fixture
def ticket(brand: Any) -> Ticket:
    now = timezone.now()
    return open_ticket(
        brand=brand,
        contact=create_contact(name="Zeynep", email="z@example.com", language="tr", now=now),
        topic=None,
        subject="Kargo",
        said=[Said(body="Kargom nerede?", at=now)],
        language="tr",
        source="phone",
        data={},
        origin_key=None,
        by=None,
        now=now,
    )


def cid() -> str:
    return str(uuid.uuid4())


def test_a_ticket_has_one_shape_everywhere(desk: Desk, brand: Any, ticket: Ticket) -> None:
    one = desk.get(f"tickets/{ticket.pk}").json()
    assert desk.get("tickets").json()["results"] == [one]
    assert desk.call("PATCH", f"tickets/{ticket.pk}", {}).json() == one
    assert one["requester"] == {
        "contact": str(ticket.contact_id),
        "name": "Zeynep",
        "email": "z@example.com",
    }
    assert (one["number"], one["head"], one["tags"], one["cc"]) == (ticket.pk, 2, [], [])


def test_a_ticket_is_opened_once_a_brand_is_certain(desk: Desk, brand: Any) -> None:
    said = {"subject": "F" * 200, "text": "Adres yanlış", "phone": "0532", "source": "phone"}
    made = desk.post("tickets", said)
    assert made.status_code == 201
    assert made.json()["subject"] == said["subject"]
    assert made.json()["requester"]["email"] is None
    other = make_brand()
    assert desk.post("tickets", said).status_code == 400
    kind = {"type": "complaint", "priority": "high"}
    named = desk.post("tickets", said | kind | {"brand": str(brand.pk)})
    assert named.status_code == 201
    assert {name: named.json()[name] for name in kind} == kind
    foreign = {"brand": str(brand.pk), "topic": str(make_topic(other).pk)}
    assert desk.post("tickets", said | foreign).status_code == 400
    stranger = Desk(make_agent(role=make_role(Permission.CHAT)))
    assert stranger.post("tickets", said).status_code == 403


def test_properties_and_tags_change_together_or_not_at_all(
    desk: Desk, elif_: Any, team: Any, brand: Any, ticket: Ticket
) -> None:
    path = f"tickets/{ticket.pk}"
    topic = make_topic(brand, team)
    changes = {
        "status": "waiting",
        "priority": "urgent",
        "topic": str(topic.pk),
        "assignee": elif_.public_id,
        "team": None,
        "tags": ["iade", "Kargo"],
    }
    now = desk.call("PATCH", path, changes).json()
    assert (now["status"], now["assignee"]["name"], now["team"]) == ("waiting", "Elif", None)
    assert now["tags"] == ["iade", "Kargo"]
    assert desk.call("PATCH", path, {"tags": ["İADE"]}).json()["tags"] == ["iade"]
    stranger = make_agent(role=make_role(Permission.CHAT))
    wrong = {"tags": ["yeni"], "spam": True, "assignee": stranger.public_id}
    refused = desk.call("PATCH", path, wrong)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_authorised")
    for bad in (
        {"status": "lost"},
        {"topic": "0"},
        {"assignee": "x"},
        {"subject": " "},
        {"tags": ["x" * 41]},
        {"number": 7},
    ):
        assert desk.call("PATCH", path, bad).status_code == 400, bad
    after = desk.get(path).json()
    assert (after["tags"], after["spam"]) == (["iade"], False)


def test_many_are_changed_at_once_and_one_out_of_sight_stays(
    desk: Desk, elif_: Any, brand: Any, ticket: Ticket
) -> None:
    foreign = Ticket.objects.create(
        brand=make_brand(), contact=ticket.contact, subject="Foreign", source="phone", language="tr"
    )
    wish = {
        "tickets": [ticket.pk, foreign.pk],
        "assignee": elif_.public_id,
        "priority": "high",
        "tag": "kargo",
    }
    assert desk.call("POST", "tickets/many", wish).json() == {"changed": [ticket.pk]}
    now = desk.get(f"tickets/{ticket.pk}").json()
    assert (now["assignee"]["name"], now["priority"], now["tags"]) == ("Elif", "high", ["kargo"])
    foreign.refresh_from_db()
    assert (foreign.assignee, foreign.priority) == (None, "normal")
    assert desk.call("POST", "tickets/many", wish).json() == {"changed": []}
    for bad in (
        {},
        {"tickets": []},
        {"tickets": [ticket.pk], "status": "lost"},
        {"tickets": [ticket.pk], "tag": " "},
        {"tickets": list(range(1, 202)), "status": "open"},
    ):
        assert desk.call("POST", "tickets/many", bad).status_code == 400, bad


def test_the_list_is_filtered_as_in_the_console(desk: Desk, elif_: Any, ticket: Ticket) -> None:
    desk.call("PATCH", f"tickets/{ticket.pk}", {"assignee": elif_.public_id, "tags": ["iade"]})

    def found(query: str) -> list[int]:
        return [row["number"] for row in desk.get(f"tickets?{query}").json()["results"]]

    for query in ("folder=mine", "status=new&status=open", "agent=me", "tag=%C4%B0ADE", "q=NEREDE"):
        assert found(query) == [ticket.pk], query
    for query in ("folder=unassigned", "status=new", "agent=none", "spam=true", "to=2020-01-01"):
        assert found(query) == [], query
    for query in ("folder=x", "status=x", "from=yesterday", "brand=x", "type=x"):
        assert desk.get(f"tickets?{query}").status_code == 400, query


def test_a_reply_and_a_note_are_stored_once_and_a_reply_is_taken_back(
    desk: Desk, ticket: Ticket, settings: Any
) -> None:
    path, own = f"tickets/{ticket.pk}", cid()
    body = {"cid": own, "text": "Yola çıktı", "cc": ["b@example.com"], "status": "waiting"}
    first, again = desk.post(f"{path}/messages", body), desk.post(f"{path}/messages", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    note = desk.post(f"{path}/notes", {"cid": cid(), "text": "Aradım"}).json()
    entries = desk.get(f"{path}/entries?after=2").json()
    reply = entries["entries"][0]
    assert [each["kind"] for each in entries["entries"]] == ["message", "changed", "status", "note"]
    assert (reply["author"]["name"], reply["to"], reply["cc"]) == (
        "Elif",
        "z@example.com",
        ["b@example.com"],
    )
    assert [each["state"] for each in reply["delivery"]] == ["queued", "queued"]
    assert (entries["head"], entries["more"]) == (note["seq"], False)
    assert desk.get(f"{path}/entries?limit=1").json()["more"] is True
    back = desk.post(f"{path}/take-back", {"seq": first.json()["seq"]})
    assert (back.status_code, back.json()["text"]) == (200, "Yola çıktı")
    assert not Delivery.objects.exists()
    for seq in (first.json()["seq"], note["seq"], 1):
        late = desk.post(f"{path}/take-back", {"seq": seq})
        assert (late.status_code, late.json()["code"]) == (409, "too_late")


def test_a_reply_that_names_no_copies_leaves_them_as_they_are(desk: Desk, ticket: Ticket) -> None:
    path = f"tickets/{ticket.pk}"

    def reply(**told: Any) -> list[str]:
        desk.post(f"{path}/messages", {"cid": cid(), "text": "Yola çıktı", **told})
        cc: list[str] = desk.get(path).json()["cc"]
        return cc

    assert reply(cc=["b@example.com"]) == ["b@example.com"]
    assert reply() == ["b@example.com"]
    assert Delivery.objects.filter(address="b@example.com").count() == 2
    assert reply(cc=[]) == []
    entries = desk.get(f"{path}/entries").json()["entries"]
    told = [each["data"] for each in entries if each["data"].get("field") == "cc"]
    assert [(each["from"], each["to"]) for each in told] == [
        ("", "b@example.com"),
        ("b@example.com", ""),
    ]


def test_what_can_not_be_said_is_refused_and_nothing_is_stored(desk: Desk, ticket: Ticket) -> None:
    path, before = f"tickets/{ticket.pk}", Entry.objects.count()
    for bad in (
        {"text": "x"},
        {"cid": "1", "text": "x"},
        {"cid": cid(), "text": " "},
        {"cid": cid(), "text": "x" * 10_001},
        {"cid": cid(), "text": "x", "to": "nobody"},
        {"cid": cid(), "text": "x", "cc": ["a@example.com"] * 21},
        {"cid": cid(), "text": "x", "attachments": ["gone"]},
        {"cid": cid(), "text": "x", "status": "lost"},
    ):
        assert desk.post(f"{path}/messages", bad).status_code == 400, bad
    assert (
        desk.post(f"{path}/notes", {"cid": cid(), "text": "x", "to": "a@b.co"}).status_code == 400
    )
    assert Entry.objects.count() == before


def test_the_list_costs_a_bounded_number_of_queries(
    desk: Desk, ticket: Ticket, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(10):
        assert desk.get("tickets?folder=team&q=kargo").status_code == 200


def test_customers_are_merged_and_two_again(desk: Desk, brand: Any, ticket: Ticket) -> None:
    now = timezone.now()
    twin = create_contact(
        name="Zeynep Ak", email="ak@example.com", phone="0532 000 11 22", language="tr", now=now
    )
    theirs = desk.post("tickets", {"subject": "x", "text": "x", "name": "y"}).json()["number"]
    Ticket.objects.filter(pk=theirs).update(contact=twin)
    path = f"contacts/{ticket.contact_id}"
    body = {"other": str(twin.pk), "keep": {"name": "other", "email": "this"}}
    answer = desk.post(f"{path}/merge", body)
    assert answer.status_code == 201
    one = desk.get(path).json()
    assert (one["name"], one["email"], one["phone"]) == (
        "Zeynep Ak",
        "z@example.com",
        "0532 000 11 22",
    )
    assert {row["id"] for row in one["timeline"]} == {str(ticket.pk), str(theirs)}
    assert desk.get(f"contacts/{twin.pk}").status_code == 404
    undo = f"merges/{answer.json()['undo']}/undo"
    assert desk.post(undo).json()["name"] == "Zeynep"
    assert len(desk.get(f"contacts/{twin.pk}").json()["timeline"]) == 1
    again = desk.post(undo)
    assert (again.status_code, again.json()["code"]) == (409, "too_late")
    for bad in ({}, {"other": "x"}, {"other": str(ticket.contact_id)}, body | {"keep": {"x": "y"}}):
        assert desk.post(f"{path}/merge", bad).status_code == 400, bad
