"""An agent's work over HTTP: chats, words, files, tickets, customers, replies, status."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Agent, AuditEntry, Brand, Permission, Role, Status
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)
from tests.support.http import (
    DESK,
    Desk,
    Shop,
    Widget,
    cid,
    make_shop,
    open_widget,
    picture,
    started,
    taken,
)
from tickets.models import Contact, Ticket
from tickets.models import Entry as TicketEntry

pytestmark = pytest.mark.django_db

CHAT_KEYS = {
    "id",
    "kind",
    "status",
    "outcome",
    "rating",
    "brand",
    "channel",
    "language",
    "topic",
    "chosen_topic",
    "topic_text",
    "team",
    "assignee",
    "visitor",
    "contact",
    "ticket",
    "fields",
    "page",
    "head",
    "preview",
    "preview_author",
    "last_message_at",
    "unanswered_since",
    "created_at",
    "queued_at",
    "accepted_at",
    "ended_at",
    "resolved_at",
}


# Chats


def test_a_chat_has_exactly_these_fields(widget: Widget, desk: Desk, shop: Shop) -> None:
    chat = started(widget)
    answer = desk.get(f"conversations/{chat.public_id}")
    assert set(answer.json()) == CHAT_KEYS | {"suggestions", "joined"}
    assert set(answer.json()["visitor"]) == {
        *("id", "name", "email", "phone", "external_id", "verified", "language", "device", "visits")
    }
    text = answer.content.decode()
    for secret in (widget.visitor.secret_hash, shop.elif_.email, "127.0.0.1"):
        assert secret not in text


def test_a_chat_goes_from_the_queue_to_the_archive(widget: Widget, desk: Desk, shop: Shop) -> None:
    path = f"conversations/{started(widget).public_id}"
    accepted = desk.post(f"{path}/accept")
    assert accepted.json()["status"] == "active"
    assert accepted.json()["assignee"] == {"id": shop.elif_.public_id, "name": shop.elif_.name}
    assert desk.post(f"{path}/accept").status_code == 200
    assert desk.post(f"{path}/end").json()["status"] == "wrap_up"
    assert desk.post(f"{path}/resolve", {}).json()["code"] == "invalid"
    resolved = desk.post(f"{path}/resolve", {"topic": str(shop.topic.pk)})
    assert (resolved.json()["status"], resolved.json()["outcome"]) == ("resolved", "answered")
    reopened = desk.post(f"{path}/reopen")
    assert reopened.json()["status"] == "active"
    assert desk.post(f"{path}/reopen").json()["code"] == "not_ended"


def test_nobody_finishes_a_chat_that_nobody_has_taken(
    widget: Widget, desk: Desk, shop: Shop
) -> None:
    path = f"conversations/{started(widget).public_id}"
    role = make_role(Permission.CHAT, Permission.SUPERVISE, scope=Role.Scope.ALL)
    for caller in (desk, Desk(make_agent(role=role))):
        for action, body in (("end", {}), ("resolve", {"topic": str(shop.topic.pk)})):
            answer = caller.post(f"{path}/{action}", body)
            assert (answer.status_code, answer.json()["code"]) == (409, "not_assigned")


def test_of_two_who_accept_one_is_told_that_it_is_taken(
    widget: Widget, desk: Desk, shop: Shop
) -> None:
    mert = make_agent(online=True, role=make_role(Permission.CHAT, scope=Role.Scope.ALL))
    shop.team.agents.add(mert)
    path = f"conversations/{started(widget).public_id}"
    assert desk.post(f"{path}/accept").status_code == 200
    answer = Desk(mert).post(f"{path}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "taken")


def test_nobody_passes_the_limit_or_works_offline(widget: Widget, desk: Desk, shop: Shop) -> None:
    path = f"conversations/{started(widget).public_id}/accept"
    shop.elif_.capacity = 0
    shop.elif_.save()
    assert desk.post(path).json()["code"] == "capacity"
    Agent.objects.update(capacity=None, status=Status.OFFLINE)
    answer = desk.post(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_online")


def test_a_ringing_chat_can_be_declined(widget: Widget, desk: Desk) -> None:
    path = f"conversations/{started(widget).public_id}"
    assert desk.post(f"{path}/decline").json()["status"] == "queued"


def test_a_chat_is_resolved_with_a_topic_of_its_own_brand(
    widget: Widget, desk: Desk, shop: Shop
) -> None:
    chat = taken(started(widget), shop.elif_)
    for topic in (str(make_shop().topic.pk), "x", "99999999999999999999"):
        answer = desk.post(f"conversations/{chat.public_id}/resolve", {"topic": topic})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_chat_of_a_brand_that_asks_for_no_topic_is_resolved_without_one(
    widget: Widget, desk: Desk, shop: Shop
) -> None:
    chat = taken(started(widget), shop.elif_)
    path = f"conversations/{chat.public_id}"
    for body in ({}, {"topic": None}):
        answer = desk.post(f"{path}/resolve", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    Brand.objects.update(requires_topic=False)
    assert desk.get("brands").json()[0]["requires_topic"] is False
    assert desk.post(f"{path}/topic", {}).status_code == 400
    assert desk.post(f"{path}/resolve", {}).json()["status"] == "resolved"
    chat.refresh_from_db()
    assert chat.topic is None


def test_the_topic_of_an_own_chat_changes_and_its_agent_stays(
    widget: Widget, desk: Desk, shop: Shop
) -> None:
    chat = taken(started(widget), shop.elif_)
    other = make_topic(shop.brand, make_team())
    path = f"conversations/{chat.public_id}"
    answer = desk.post(f"{path}/topic", {"topic": str(other.pk)})
    assert answer.status_code == 200
    chat.refresh_from_db()
    assert (chat.topic, chat.assignee, chat.status) == (other, shop.elif_, "active")
    assert desk.post(f"{path}/topic", {"topic": str(make_shop().topic.pk)}).status_code == 400
    desk.post(f"{path}/resolve", {"topic": str(shop.topic.pk)})
    answer = desk.post(f"{path}/topic", {"topic": str(other.pk)})
    assert (answer.status_code, answer.json()["code"]) == (409, "resolved")


# The list


def test_the_list_is_filtered_by_declared_names_only(
    widget: Widget, desk: Desk, shop: Shop
) -> None:
    mine = taken(started(widget), shop.elif_)
    waiting = started(open_widget(shop.brand))

    def ids(query: str) -> list[str]:
        return [row["id"] for row in desk.get(f"conversations?{query}").json()["results"]]

    assert ids("") == [waiting.public_id, mine.public_id]
    assert ids("status=queued") == [waiting.public_id]
    assert ids("status=queued&status=active") == [waiting.public_id, mine.public_id]
    assert ids("assignee=me") == ids(f"assignee={shop.elif_.public_id}") == [mine.public_id]
    assert ids("assignee=none") == [waiting.public_id]
    assert ids(f"brand={shop.brand.pk}") == ids("")
    assert ids(f"brand={make_brand().pk}") == []
    # No road into other tables: unknown names change nothing.
    assert ids("assignee__password__startswith=x&visitor__secret_hash=x&ordering=pk") == ids("")


@pytest.mark.parametrize(
    "query",
    [
        "status=hacked",
        "status=%00",
        "brand=x",
        "brand=1e400",
        "brand=-1",
        "brand=" + "9" * 40,
        "assignee=" + "x" * 23,
        "assignee=%00",
    ],
)
def test_senseless_filters_are_refused(desk: Desk, query: str) -> None:
    answer = desk.get(f"conversations?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_pages_follow_each_other_without_gaps(desk: Desk, shop: Shop) -> None:
    now = timezone.now()
    chats = [
        make_conversation(
            make_visitor(shop.brand), created_at=now + timedelta(seconds=n), team=shop.team
        ).public_id
        for n in range(5)
    ]
    seen = []
    path = "conversations?limit=2"
    while path:
        page = desk.get(path).json()
        seen += [row["id"] for row in page["results"]]
        path = page["next"].split(f"{DESK}/")[1] if page["next"] else ""
    assert seen == chats[::-1]


@pytest.mark.parametrize("cursor", ["x", "cD14", "cD0lMDA=", "bz05OTk5OTk5OTk5OTk5", "%00", "cD0="])
def test_a_cursor_that_is_none_of_ours_breaks_nothing(desk: Desk, cursor: str) -> None:
    assert desk.get(f"conversations?cursor={cursor}").status_code in {200, 400, 404}


def test_the_list_costs_the_same_however_long_it_is(
    desk: Desk, shop: Shop, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        make_conversation(make_visitor(shop.brand), team=shop.team, assignee=shop.elif_)
    desk.get("conversations")
    with django_assert_max_num_queries(6):
        assert len(desk.get("conversations").json()["results"]) == 5


# Words


def test_messages_and_notes_are_stored_once(widget: Widget, desk: Desk, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    for kind in ("messages", "notes"):
        body = {"cid": cid(), "text": f"My {kind}"}
        first = desk.post(f"conversations/{chat.public_id}/{kind}", body)
        second = desk.post(f"conversations/{chat.public_id}/{kind}", body)
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
    entries = desk.get(f"conversations/{chat.public_id}/entries").json()["entries"]
    assert [(entry["kind"], entry["text"]) for entry in entries[-2:]] == [
        ("message", "My messages"),
        ("note", "My notes"),
    ]
    assert entries[-1]["author"]["id"] == shop.elif_.public_id


def test_reading_a_chat_of_others_stands_in_the_audit_log(
    widget: Widget, desk: Desk, shop: Shop
) -> None:
    chat = taken(started(widget), shop.elif_)
    guest, boss = (
        make_agent(role=make_role(Permission.SUPERVISE, Permission.CHAT, scope="all"))
        for _ in range(2)
    )
    chat.participations.create(agent=guest, joined_at=timezone.now())
    for program in (desk, Desk(guest), Desk(boss), Desk(boss)):
        assert program.get(f"conversations/{chat.public_id}/entries").status_code == 200
    [line] = AuditEntry.objects.filter(action="conversation.watched")
    assert (line.actor, line.ip) == (boss, "127.0.0.1")
    assert chat.public_id in line.target


def test_words_in_an_ended_chat_are_refused(widget: Widget, desk: Desk, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    desk.post(f"conversations/{chat.public_id}/end")
    answer = desk.post(f"conversations/{chat.public_id}/messages", {"cid": cid(), "text": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "ended")


def test_reading_moves_the_callers_mark(widget: Widget, desk: Desk, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    assert desk.post(f"conversations/{chat.public_id}/read", {"seq": 2}).status_code == 204
    assert chat.participations.get(agent=shop.elif_).read_seq == 2
    desk.get(f"conversations/{chat.public_id}/entries")
    chat.refresh_from_db()
    assert chat.agents_delivered_seq == chat.last_visitor_seq


# Files


def test_an_agents_file_is_private_until_it_is_sent(
    widget: Widget, desk: Desk, shop: Shop, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    chat = taken(started(widget), shop.elif_)
    file = desk.upload(picture()).json()
    assert desk.get(f"attachments/{file['id']}").status_code == 200
    colleague = make_agent(role=make_role(scope=Role.Scope.ALL))
    assert Desk(colleague).get(f"attachments/{file['id']}").status_code == 404
    sent = {"cid": cid(), "text": "", "attachments": [file["id"]]}
    stolen = Desk(colleague).post(f"conversations/{chat.public_id}/messages", sent)
    assert (stolen.status_code, stolen.json()["code"]) == (400, "invalid")
    assert desk.post(f"conversations/{chat.public_id}/messages", sent).status_code == 201
    assert Desk(colleague).get(f"attachments/{file['id']}").status_code == 200
    assert widget.get(f"attachments/{file['id']}").status_code == 200


def test_a_visitors_unsent_file_is_not_for_agents(
    widget: Widget, desk: Desk, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    file = widget.upload(picture()).json()
    assert desk.get(f"attachments/{file['id']}").status_code == 404


# Tickets and customers


@pytest.fixture
def ticket(shop: Shop) -> Ticket:
    contact = Contact.objects.create(name="Vera", email="vera@example.com")
    row = Ticket.objects.create(
        brand=shop.brand,
        contact=contact,
        team=shop.team,
        subject="Where is it",
        source="offline",
        language="en",
        last_seq=1,
    )
    TicketEntry.objects.create(
        ticket=row, seq=1, kind="message", author_kind="customer", body="Hello"
    )
    return row


def test_tickets_and_their_customers_are_read(desk: Desk, ticket: Ticket) -> None:
    (row,) = desk.get("tickets?status=new").json()["results"]
    one = desk.get(f"tickets/{ticket.pk}").json()
    assert (row["number"], one["number"], one["subject"]) == (ticket.pk, ticket.pk, "Where is it")
    (entry,) = desk.get(f"tickets/{ticket.pk}/entries").json()["entries"]
    assert entry["text"] == "Hello"
    (customer,) = desk.get("contacts").json()["results"]
    one_customer = desk.get(f"contacts/{ticket.contact_id}").json()
    timeline = one_customer.pop("timeline")
    assert one_customer.pop("suggestions") == []
    assert [(row["kind"], row["id"], row["title"]) for row in timeline] == [
        ("ticket", str(ticket.pk), "Where is it")
    ]
    assert customer == one_customer
    assert set(customer) == {
        "id",
        "name",
        "email",
        "phone",
        "is_email_verified",
        "identities",
        "language",
        "created_at",
    }


def test_brands_and_topics_are_those_of_the_caller(shop: Shop) -> None:
    make_shop()
    role = make_role(Permission.CHAT, brands=(shop.brand,))
    desk = Desk(make_agent(role=role))
    assert [row["id"] for row in desk.get("brands").json()] == [str(shop.brand.pk)]
    assert [row["id"] for row in desk.get("topics").json()] == [str(shop.topic.pk)]
